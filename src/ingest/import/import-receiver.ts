import { MillraceError } from "../../core/errors.ts";
import type { Clock } from "../../core/clock.ts";
import { ROW_FLAGS } from "../../language/schema/layout.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { AppendRequest, AppendResult } from "../../storage/log/append-request.ts";
import type { LedgerQuery, LedgerRow, PendingCount } from "../../storage/log/log.ts";
import { deriveBatch } from "../derive-batch.ts";
import type { Lookups } from "../derive/lookups.ts";
import { DoorBatch } from "../door-batch.ts";
import { doorProgram, type DoorInput, type DoorProgram, type DoorTopic } from "../door-program.ts";
import { FATE, FATE_NAMES } from "../outcome.ts";
import { addProblem, emptyTally, type ImportName, type ImportProblem } from "./import-progress.ts";
import type { ImportProgress, ImportTally } from "./import-progress.ts";
import type { ImportStep, ImportStore } from "./import-store.ts";
import { RowBits } from "./row-bits.ts";
import { stageRows, type StagedRows } from "./stage-rows.ts";

/** What the receiver needs of the log: `LogWriter.append` and `LogReader.ledger`. */
export interface ImportLog {
  append(request: AppendRequest): Promise<AppendResult>;
  ledger(query: LedgerQuery): LedgerRow[];
}

export interface ImportReceiverOptions {
  readonly plan: Plan;
  readonly topics: readonly DoorTopic[];
  /** Keys the identity hash; of the data folder. */
  readonly secret: Uint8Array;
  readonly lookups: Lookups;
  readonly log: ImportLog;
  readonly store: ImportStore;
  readonly clock: Clock;
}

/** One batch of rows of a file. */
export interface ImportBatch extends ImportName {
  /** Number of the first line's row, from 1. */
  readonly first: number;
  /** Zone (IANA) of times without an offset, where the field doesn't declare one. */
  readonly zone?: string | undefined;
  /** Whether numbers and booleans come as texts (CSV). */
  readonly texts: boolean;
  /** Only look: nothing is stored, duplicates aren't known. */
  readonly isDryRun: boolean;
  /** A line a row: `row-line.ts`. */
  readonly body: Buffer;
}

/** What became of a batch. `progress` is of the whole import. */
export interface ImportAnswer {
  readonly progress: ImportProgress;
  readonly tally: Readonly<ImportTally>;
  /** The first rows that weren't taken, `problemsMax` at most. */
  readonly problems: readonly RowProblem[];
}

/** Why one row wasn't taken. */
export interface RowProblem {
  readonly row: number;
  readonly status: "quarantined" | "refused";
  readonly reason: string;
  readonly field?: string | undefined;
  readonly rule?: string | undefined;
  readonly message: string;
  readonly hint?: string | undefined;
}

const PROBLEMS_MAX = 100;
const ZONES_MAX = 16;
/** The ledger counts by minute, and a writer's clock may lag behind ours. */
const LEDGER_MARGIN_MS = 120_000;

/**
 * Takes files of past events in, a batch of rows at a time, through the door's own steps. Rows are
 * flagged `imported`: they bypass the stream and enter the numbers by amendment. A row of a file is
 * taken once per topic, whenever and however often it is sent: the gate knows ids for a day, this
 * knows rows for ever.
 */
export class ImportReceiver {
  readonly #options: ImportReceiverOptions;
  readonly #programs = new Map<string, DoorProgram>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ImportReceiverOptions) {
    this.#options = options;
  }

  /** How far an import is; `TOPIC_UNKNOWN`. */
  async progress(name: ImportName): Promise<ImportProgress> {
    this.#input(name.topic, undefined);
    return this.#alone(() => {
      this.#settle(name);
      return Promise.resolve(this.#options.store.progress(name));
    });
  }

  /**
   * Takes a batch in; resolves when it is durable. Rows that are done with are passed over, so a
   * batch may be sent again. Throws `TOPIC_UNKNOWN`, `IMPORT_FAILED` (rows before `first` are
   * missing; a zone that isn't one), and what the log throws.
   */
  async receive(batch: ImportBatch): Promise<ImportAnswer> {
    const input = this.#input(batch.topic, batch.zone);
    return this.#alone(() => this.#receive(batch, input));
  }

  /** Records that there are no more rows. */
  async complete(name: ImportName): Promise<ImportProgress> {
    this.#input(name.topic, undefined);
    return this.#alone(() => {
      this.#settle(name);
      this.#options.store.complete(name);
      return Promise.resolve(this.#options.store.progress(name));
    });
  }

  /** One batch after another: the door's programs and the counts of the ledger are shared. */
  #alone<Value>(body: () => Promise<Value>): Promise<Value> {
    const run = this.#last.then(body, body);
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #receive(request: ImportBatch, input: DoorInput): Promise<ImportAnswer> {
    const { store, clock } = this.#options;
    this.#settle(request);
    const progress = store.progress(request);
    const skip = request.isDryRun ? 0 : progress.rows - request.first + 1;
    if (skip < 0) {
      throw new MillraceError("IMPORT_FAILED", `rows before ${request.first} are missing`, {
        hint: `send on from row ${progress.rows + 1}`,
      });
    }
    const source = sourceOf(request);
    const arrival = { nowMs: clock.nowMs(), sentAt: Number.NaN, flags: ROW_FLAGS.imported };
    const batch = new DoorBatch(arrival, source);
    try {
      const first = request.first + skip;
      const lines = countLines(request.body) - skip;
      const taken = request.isDryRun
        ? RowBits.of(0)
        : store.taken(request, first, Math.max(0, lines));
      const { file } = request;
      const idOf = (row: number): string => `${file.slice(0, 16)}:${row}`;
      const staged = await stageRows(batch, input, request.body, { ...request, skip, taken, idOf });
      await deriveBatch(batch, (index) => {
        const { start, end } = batch.rangeOf(index);
        return request.body.subarray(start, end);
      });
      if (request.isDryRun) return dryAnswer(batch, staged, first);
      const step = await this.#append(request, batch, staged, first, taken);
      return {
        progress: store.progress(request),
        tally: step.tally,
        problems: rowProblems(batch, first),
      };
    } finally {
      batch.release();
    }
  }

  async #append(
    name: ImportName,
    batch: DoorBatch,
    staged: StagedRows,
    first: number,
    takenBefore: RowBits,
  ): Promise<ImportStep> {
    const { store, log, clock } = this.#options;
    const step = stepOf(batch, staged, first, takenBefore);
    if (staged.count === staged.skipped) {
      if (staged.count > 0) store.commit(name, step);
      return step;
    }
    const since = clock.nowMs() - LEDGER_MARGIN_MS;
    const before = this.#ledger(name, since);
    store.begin(name, {
      ...step,
      reading: name.reading,
      since,
      inBefore: before.in,
      duplicateBefore: before.duplicate,
    });
    const places = batch.places();
    const request = batch.request();
    const counts = [...(request.counts ?? []), ...countsOf(name, staged.takenBefore)];
    const appended = await log.append({ ...request, counts });
    let duplicates = 0;
    for (const [event, which] of places.inputOf.entries()) {
      const set = places.inputs[which]?.set;
      if (set === undefined) continue;
      if (appended.sets[set]?.status[places.rowOf[event]!] === 1) duplicates++;
    }
    const settled = withDuplicates(step, duplicates);
    store.commit(name, settled);
    return settled;
  }

  /** Finds out whether a batch that was on its way when something ended is in the log. */
  #settle(name: ImportName): void {
    const { store } = this.#options;
    const pending = store.pending(name);
    if (pending === undefined) return;
    const now = this.#ledger(name, pending.since);
    if (now.in === pending.inBefore) return store.cancel(name);
    const known = pending.tally.duplicate;
    const duplicates = now.duplicate - pending.duplicateBefore - known;
    store.commit({ ...name, reading: pending.reading }, withDuplicates(pending, duplicates));
  }

  /** What the ledger has of a file's rows. */
  #ledger(name: ImportName, since: number): { in: number; duplicate: number } {
    const from = Math.floor(since / 60_000) * 60_000;
    const source = sourceOf(name);
    const sums = { in: 0, duplicate: 0 };
    const rows = this.#options.log.ledger({ from, to: Number.MAX_SAFE_INTEGER, topic: name.topic });
    for (const row of rows) {
      if (row.source !== source) continue;
      if (row.status === "in" || row.status === "duplicate") sums[row.status] += row.n;
    }
    return sums;
  }

  #input(topic: string, zone: string | undefined): DoorInput {
    const input = this.#program(zone).inputs.get(topic);
    if (input !== undefined) return input;
    const names = [...this.#program(undefined).inputs.keys()];
    throw new MillraceError("TOPIC_UNKNOWN", `the definition has no event or table "${topic}"`, {
      field: "topic",
      hint: `it has: ${names.join(", ")}`,
    });
  }

  /** The door, reading times without an offset in a zone. */
  #program(zone: string | undefined): DoorProgram {
    const name = zone ?? "";
    let program = this.#programs.get(name);
    if (program === undefined) {
      if (zone !== undefined) checkZone(zone);
      const { plan, topics, secret, lookups } = this.#options;
      program = doorProgram({
        plan,
        topics: zone === undefined ? topics : topics.map((each) => inZone(each, zone)),
        secret,
        lookups,
        makeId: () => crypto.randomUUID(),
      });
      if (this.#programs.size >= ZONES_MAX) this.#programs.clear();
      this.#programs.set(name, program);
    }
    return program;
  }
}

/** How the ledger names the rows of a file. */
const sourceOf = ({ file }: Pick<ImportName, "file">): string => `import:${file.slice(0, 16)}`;

function checkZone(zone: string): void {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: zone });
  } catch (cause) {
    throw new MillraceError("IMPORT_FAILED", `there is no time zone "${zone}"`, {
      field: "zone",
      hint: "give an IANA name such as Europe/Berlin or UTC",
      cause,
    });
  }
}

/** The topic with its times in a zone, save where a field declares its own. */
function inZone({ topic, layoutId }: DoorTopic, zone: string): DoorTopic {
  const leaves = topic.leaves.map((leaf) =>
    leaf.type.kind === "timestamp" ? { ...leaf, type: { zone, ...leaf.type } } : leaf,
  );
  const zoned: Topic = { ...topic, leaves };
  return { topic: zoned, layoutId };
}

function countLines(body: Buffer): number {
  let lines = 0;
  for (let at = 0; at < body.length; lines++) {
    const newline = body.indexOf(10, at);
    at = newline === -1 ? body.length : newline + 1;
  }
  return lines;
}

/** Rows that an earlier import took are counted as what they are, so that the ledger balances. */
const countsOf = ({ topic, file }: ImportName, n: number): PendingCount[] =>
  n === 0
    ? []
    : (["in", "duplicate"] as const).map((status) => ({
        topic,
        status,
        source: sourceOf({ file }),
        n,
      }));

/** What a batch will do, were none of its events a duplicate. */
function stepOf(
  batch: DoorBatch,
  staged: StagedRows,
  first: number,
  takenBefore: RowBits,
): ImportStep {
  const taken = RowBits.of(staged.count);
  for (let row = 0; row < staged.count; row++) if (takenBefore.has(row)) taken.add(row);
  const tally = emptyTally();
  for (const [event, which] of batch.places().inputOf.entries()) {
    if (which === -1) continue;
    taken.add(event);
    tally.accepted++;
  }
  tally.skipped = staged.skipped;
  tally.duplicate = staged.takenBefore;
  for (const { fate } of batch.rejected) tally[FATE_NAMES[fate]]++;
  const problems: ImportProblem[] = [];
  for (const { index, problem, rule } of batch.rejected) {
    const hint = problem.hint === undefined ? "" : ` (${problem.hint})`;
    addProblem(problems, {
      reason: problem.code,
      field: problem.field ?? null,
      rule: rule ?? null,
      n: 1,
      firstRow: first + index,
      message: problem.message + hint,
    });
  }
  return { first, count: staged.count, tally, problems, taken };
}

const withDuplicates = <Step extends ImportStep>(step: Step, duplicates: number): Step => ({
  ...step,
  tally: {
    ...step.tally,
    accepted: step.tally.accepted - duplicates,
    duplicate: step.tally.duplicate + duplicates,
  },
});

function rowProblems(batch: DoorBatch, first: number): RowProblem[] {
  return batch.rejected
    .toSorted((one, other) => one.index - other.index)
    .slice(0, PROBLEMS_MAX)
    .map(({ index, fate, problem, rule }) => ({
      row: first + index,
      status: fate === FATE.refused ? "refused" : "quarantined",
      reason: problem.code,
      field: problem.field,
      rule,
      message: problem.message,
      hint: problem.hint,
    }));
}

function dryAnswer(batch: DoorBatch, staged: StagedRows, first: number): ImportAnswer {
  const { tally, problems } = stepOf(batch, staged, first, RowBits.of(0));
  const progress = { rows: first - 1 + staged.count, ...tally, complete: false, problems };
  return { progress, tally, problems: rowProblems(batch, first) };
}
