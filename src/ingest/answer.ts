import { copyBytes } from "../core/copy-bytes.ts";
import type { AppendResult } from "../storage/log/append-request.ts";
import type { DoorBatch, Places, TakenInput } from "./door-batch.ts";
import { FATE_NAMES, type Rejected } from "./outcome.ts";
import { plainEnd } from "./scan/byte-class.ts";

/** How many events of a request met which fate, in the order of `FATE`. */
export type Tally = readonly [
  accepted: number,
  duplicate: number,
  quarantined: number,
  refused: number,
];

export interface BatchAnswer {
  readonly tally: Tally;
  /** Per event, in their order: `{"event_id","status","reason"?,"field"?,"message"?,"hint"?}`. */
  readonly results: ResultsText;
}

/** Most bytes of an accepted event's result but for its id. */
const RESULT_BYTES = 48;

/** What became of each event of a batch, when it isn't known yet which of them came before. */
export class AnswerDraft {
  /** As if none had. */
  readonly #results: ResultsText;
  /** Per event: where its result ends. */
  readonly #ends: Int32Array;
  readonly #rejected: Tally;
  readonly #places: Places;

  /** Needs the batch until it returns. */
  constructor(batch: DoorBatch) {
    const rejected = new Map(batch.rejected.map((each) => [each.index, each]));
    const tally: [number, number, number, number] = [0, 0, 0, 0];
    const places = batch.places();
    const results = new ResultsText(batch.events * (RESULT_BYTES + 40));
    this.#ends = new Int32Array(batch.events);
    for (let event = 0; event < batch.events; event++) {
      const taken = places.inputs[places.inputOf[event]!];
      const found = taken === undefined ? rejected.get(event) : undefined;
      if (taken !== undefined) results.addTaken(taken, places.rowOf[event]!);
      else if (found !== undefined) {
        tally[found.fate]++;
        results.addText(rejectedText(found));
      }
      this.#ends[event] = results.end;
    }
    this.#results = results;
    this.#rejected = tally;
    this.#places = places;
  }

  /** The answer; once. */
  answer({ sets }: AppendResult): BatchAnswer {
    const { inputs, inputOf, rowOf } = this.#places;
    const statuses = inputs.map(({ set }) => sets[set]?.status);
    const duplicates: number[] = [];
    let taken = 0;
    for (let event = 0; event < inputOf.length; event++) {
      const input = inputOf[event]!;
      if (input === -1) continue;
      taken++;
      if (statuses[input]?.[rowOf[event]!] === 1) duplicates.push(event);
    }
    const [, , quarantined, refused] = this.#rejected;
    return {
      tally: [taken - duplicates.length, duplicates.length, quarantined, refused],
      results:
        duplicates.length === 0
          ? this.#results
          : this.#results.withDuplicates(duplicates.map((event) => this.#ends[event]!)),
    };
  }
}

const rejectedText = ({ fate, problem, eventId, rule }: Rejected): string =>
  JSON.stringify({
    event_id: eventId ?? null,
    status: FATE_NAMES[fate],
    reason: problem.code,
    field: problem.field,
    rule,
    message: problem.message,
    hint: problem.hint,
  });

/** Bytes that are copied into an answer. */
const piece = (text: string): DataView => {
  const { buffer, byteOffset, length } = Buffer.from(text);
  return new DataView(buffer, byteOffset, length);
};
const BEFORE_ID = piece(`{"event_id":"`);
/** What stands behind an id. */
const ACCEPTED = piece(`","status":"accepted"}`);
const DUPLICATE = Buffer.from(`","status":"duplicate"}`);
const COMMA = 44;
/** Room before the results, for what an answer begins with; and behind them. */
const MARGIN = 128;

/**
 * Results as the JSON of an array's members, in bytes: ids go from the rows into the answer without
 * becoming strings, and the answer is made around them in the same memory.
 */
export class ResultsText {
  #bytes: Buffer;
  #view: DataView;
  #length = MARGIN;

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(MARGIN + bytes + MARGIN);
    this.#view = new DataView(this.#bytes.buffer);
  }

  addText(text: string): void {
    this.#begin(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** An event that was taken, as accepted. */
  addTaken({ input, stage, sink }: TakenInput, row: number): void {
    const { start, end } = input.finisher.idRange(stage, sink.sources[row]!);
    this.#begin(end - start + RESULT_BYTES);
    let at = copyBytes(this.#view, this.#length, BEFORE_ID, 0, BEFORE_ID.byteLength);
    if (plainEnd(stage.view, start, end) === end)
      at = copyBytes(this.#view, at, stage.view, start, end);
    else at += this.#writeId(stage.bytes.toString("utf8", start, end), at);
    this.#length = copyBytes(this.#view, at, ACCEPTED, 0, ACCEPTED.byteLength);
  }

  /** Where the results so far end. */
  get end(): number {
    return this.#length;
  }

  /** The same, with those results as duplicates that end at these positions, ascending. */
  withDuplicates(ends: readonly number[]): ResultsText {
    const made = new ResultsText(this.#length + ends.length);
    let from = MARGIN;
    for (const end of ends) {
      made.#add(this.#bytes.subarray(from, end - ACCEPTED.byteLength));
      made.#add(DUPLICATE);
      from = end;
    }
    made.#add(this.#bytes.subarray(from, this.#length));
    return made;
  }

  #add(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes an id that isn't the same in JSON. */
  #writeId(id: string, at: number): number {
    const text = JSON.stringify(id).slice(1, -1);
    this.#reserve(text.length * 3 + RESULT_BYTES);
    return this.#bytes.write(text, at);
  }

  /** The results between two texts, each of at most `MARGIN` characters of ASCII. */
  between(before: string, after: string): Buffer {
    this.#reserve(MARGIN);
    const start = MARGIN - before.length;
    this.#bytes.write(before, start, "latin1");
    const end = this.#length + this.#bytes.write(after, this.#length, "latin1");
    return this.#bytes.subarray(start, end);
  }

  /** Begins a result of at most so many bytes, with a comma where there is one before it. */
  #begin(bytes: number): void {
    this.#reserve(bytes + 1);
    if (this.#length > MARGIN) this.#bytes[this.#length++] = COMMA;
  }

  /** Room for so many bytes; what lies behind `#length` is kept. */
  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const next = Buffer.allocUnsafeSlow((this.#length + bytes) * 2);
    this.#bytes.copy(next);
    this.#bytes = next;
    this.#view = new DataView(next.buffer);
  }
}

/** The body of a native answer (design §7). */
export function nativeAnswer({ tally, results }: BatchAnswer): Buffer {
  const [accepted, duplicate, quarantined, refused] = tally;
  const counts = `"accepted":${accepted},"duplicate":${duplicate},"quarantined":${quarantined},"refused":${refused}`;
  return results.between(`{${counts},"results":[`, "]}\n"); // a line feed, for a terminal
}
