import type { Clock } from "../../core/clock.ts";
import { MillraceError } from "../../core/errors.ts";
import { AnswerDraft } from "../answer.ts";
import { cleanedCounts } from "../cleaned-counts.ts";
import type { CollectorSnapshot } from "../collector.ts";
import { CollectorStats } from "../collector-stats.ts";
import { deriveBatch } from "../derive-batch.ts";
import { DoorBatch } from "../door-batch.ts";
import type { DoorInput, DoorProgram } from "../door-program.ts";
import { FATE } from "../outcome.ts";
import type { LogAppender } from "../passage.ts";
import type { Problem } from "../scan/problem.ts";
import { validateBody } from "../validate-body.ts";
import { stageChange } from "./stage-change.ts";
import type { TableChange } from "./table-change.ts";

/** A change, and the bytes that it came as. */
export interface CameAs {
  readonly change: TableChange;
  readonly raw: Uint8Array;
}

export interface IntakeOptions {
  readonly program: DoorProgram;
  readonly writer: LogAppender;
  readonly clock: Clock;
}

/**
 * The door for what comes without a request: the same steps, and nobody to answer to. What isn't
 * taken is in the quarantine, byte for byte. Resolved means durable; where it rejects
 * (`KAFKA_UNAVAILABLE`, `RATE_LIMITED`) some may be there, and all of it is to be given again.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #stats = new CollectorStats();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /**
   * An event, an array or NDJSON, each event of the first of `candidates` that accepts it. `source`
   * names in the ledger where it is from.
   */
  async takeBody(body: Buffer, candidates: readonly DoorInput[], source: string): Promise<void> {
    const batch = this.#batch(source);
    try {
      const problem = await validateBody(batch, body, candidates);
      if (problem !== undefined) {
        await this.#keepWhole(body, candidates[0]!.name, problem, source);
        return;
      }
      await this.#append(batch, (index) => {
        const { start, end } = batch.rangeOf(index);
        return body.subarray(start, end);
      });
    } finally {
      batch.release();
    }
  }

  /** Changes of one table's rows, in their order. */
  async takeChanges(changes: readonly CameAs[], table: DoorInput, source: string): Promise<void> {
    const batch = this.#batch(source);
    try {
      for (const [index, { change, raw }] of changes.entries()) {
        batch.locate(index, 0, raw.length);
        stageChange(batch, table, change, index, raw);
      }
      await this.#append(batch, (index) => changes[index]!.raw);
    } finally {
      batch.release();
    }
  }

  /** What became of everything so far, by `source`. */
  stats(): CollectorSnapshot {
    const cleaned = cleanedCounts(this.#options.program);
    return { ...this.#stats.snapshot(), steps: {}, cleaned, bodiesBytes: 0 };
  }

  /** A body in which no events can be told apart is kept as one. */
  async #keepWhole(body: Buffer, topic: string, problem: Problem, source: string): Promise<void> {
    const batch = this.#batch(source);
    batch.locate(0, 0, body.length);
    batch.reject(0, FATE.quarantined, topic, problem, body);
    await this.#append(batch, () => body);
  }

  #batch(source: string): DoorBatch {
    const nowMs = this.#options.clock.nowMs();
    return new DoorBatch({ nowMs, sentAt: Number.NaN, flags: 0 }, source);
  }

  async #append(batch: DoorBatch, raw: (index: number) => Uint8Array): Promise<void> {
    await deriveBatch(batch, raw);
    if (batch.events === 0) return;
    const draft = new AnswerDraft(batch);
    const appended = await this.#options.writer.append(batch.request());
    this.#stats.events(batch.source, draft.answer(appended).tally);
    this.#stats.rules(batch.ruleCounts);
  }
}

/** The input of a name; `TOPIC_UNKNOWN` where the definition has none. */
export function inputNamed({ inputs }: DoorProgram, name: string): DoorInput {
  const input = inputs.get(name);
  if (input !== undefined) return input;
  throw new MillraceError("TOPIC_UNKNOWN", `the definition has no event or table ${name}`, {
    hint: `it has ${[...inputs.keys()].join(", ") || "none"}`,
  });
}
