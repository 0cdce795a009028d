import { isUtf8 } from "node:buffer";
import { LIMITS } from "../../core/limits.ts";
import type { DoorBatch } from "../door-batch.ts";
import type { DoorInput } from "../door-program.ts";
import { FATE } from "../outcome.ts";
import { ASK } from "../scan/event-scanner.ts";
import { textOf } from "../scan/json-node.ts";
import { parseJson } from "../scan/parse-json.ts";
import type { Problem } from "../scan/problem.ts";
import { EVENT_BOUNDS } from "../scan/topic-scanner.ts";
import { turn } from "../validate-body.ts";
import { parseUnreadable } from "./row-line.ts";
import type { RowBits } from "./row-bits.ts";
import { readTexts, withId } from "./text-values.ts";

const BYTE = { newline: 10, open: 91, openBrace: 123 } as const;

export interface StageOptions {
  /** Number in the file of the first line's row. */
  readonly first: number;
  /** Lines to pass over: rows that are done with. */
  readonly skip: number;
  /** Rows (bit 0: the first line that isn't passed over) that an earlier import has taken. */
  readonly taken: RowBits;
  /** Whether numbers and booleans come as texts. */
  readonly texts: boolean;
  /** The id of a row that has none. */
  readonly idOf: (row: number) => string;
}

/** What staging made of the rows that it didn't stage. */
export interface StagedRows {
  /** Rows looked at, from `first + skip` on; row i has event index i. */
  readonly count: number;
  readonly skipped: number;
  readonly takenBefore: number;
}

/** Stages the rows of a batch (`row-line.ts`); event index 0 is the first one not passed over. */
export async function stageRows(
  batch: DoorBatch,
  input: DoorInput,
  body: Buffer,
  options: StageOptions,
): Promise<StagedRows> {
  const stager = new RowStager(batch, input, body, options);
  let at = 0;
  let line = 0;
  while (at < body.length) {
    const newline = body.indexOf(BYTE.newline, at);
    const end = newline === -1 ? body.length : newline;
    if (line >= options.skip) stager.row(line - options.skip, at, end);
    at = end + 1;
    if (++line % LIMITS.turnEventsMax === 0) {
      await turn();
      batch.stageOf(input);
    }
  }
  return stager.made(Math.max(0, line - options.skip));
}

class RowStager {
  readonly #batch: DoorBatch;
  readonly #input: DoorInput;
  readonly #body: Buffer;
  readonly #options: StageOptions;
  readonly #isUtf8: boolean;
  #skipped = 0;
  #takenBefore = 0;

  constructor(batch: DoorBatch, input: DoorInput, body: Buffer, options: StageOptions) {
    this.#batch = batch;
    this.#input = input;
    this.#body = body;
    this.#options = options;
    this.#isUtf8 = isUtf8(body);
    batch.stageOf(input);
  }

  made(count: number): StagedRows {
    return { count, skipped: this.#skipped, takenBefore: this.#takenBefore };
  }

  row(index: number, start: number, end: number): void {
    this.#batch.locate(index, start, end);
    if (start === end) this.#skipped++;
    else if (this.#options.taken.has(index)) this.#takenBefore++;
    else if (this.#body[start] === BYTE.open) this.#unreadable(index, start, end);
    else this.#event(index, start, end);
  }

  #event(index: number, start: number, end: number): void {
    const { scanner } = this.#input;
    if (this.#isUtf8) {
      const fast = scanner.tryFast(this.#body, start, end, index, this.#batch.arrival);
      if (fast === end) return;
      if (fast !== ASK) this.#takeBack();
    }
    this.#exact(index, start, end);
  }

  /** Something follows the object on its line: the exact path words what. */
  #takeBack(): void {
    const stage = this.#batch.stageOf(this.#input);
    stage.rows--;
    stage.length = stage.startAt[stage.rows]!;
  }

  #exact(index: number, start: number, end: number): void {
    const { texts, idOf, first, skip } = this.#options;
    const raw = this.#body.subarray(start, end);
    if (raw.length > LIMITS.eventBytesMax) {
      const message = `the row's event has ${raw.length} bytes; at most ${LIMITS.eventBytesMax} are taken`;
      return this.#reject(index, FATE.refused, { code: "EVENT_TOO_LARGE", message }, raw);
    }
    const parsed = parseJson(this.#body, start, end, EVENT_BOUNDS);
    if (parsed.kind === "failure") return this.#reject(index, FATE.quarantined, parsed, raw);
    const { program, exact } = this.#input.scanner;
    let node = parsed;
    if (node.kind === "object") {
      node = withId(program, texts ? readTexts(program, node) : node, idOf(first + skip + index));
    }
    const problem = exact.write(this.#body, node, index, this.#batch.arrival);
    if (problem === undefined) return;
    const eventId = textOf(node, this.#input.finisher.topic.id)?.slice(0, 200);
    this.#reject(index, FATE.quarantined, withImportHint(problem), raw, eventId);
  }

  #unreadable(index: number, start: number, end: number): void {
    const raw = this.#body.subarray(start, end);
    const row = parseUnreadable(raw.toString("utf8"));
    if (row === undefined) return this.#exact(index, start, end);
    const fate = row.reason === "EVENT_TOO_LARGE" ? FATE.refused : FATE.quarantined;
    const problem: Problem = { code: row.reason, message: row.message };
    this.#reject(index, fate, problem, row.bytes);
  }

  #reject(
    index: number,
    fate: typeof FATE.quarantined | typeof FATE.refused,
    problem: Problem,
    bytes: Uint8Array,
    eventId?: string,
  ): void {
    this.#batch.reject(index, fate, this.#input.name, problem, bytes, { eventId });
  }
}

/** What to do about a time without an offset, in an import. */
const withImportHint = (problem: Problem): Problem =>
  problem.code === "TIME_INVALID" && problem.hint?.startsWith("add Z") === true
    ? { ...problem, hint: "say which zone the file's times are in: --time-zone Europe/Berlin" }
    : problem;
