import { copyBytes } from "../core/copy-bytes.ts";
import type { AppendResult } from "../storage/log/append-request.ts";
import type { DoorBatch, TakenInput } from "./door-batch.ts";
import { FATE, FATE_NAMES, type Rejected } from "./outcome.ts";
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
  /**
   * Per event, in their order, as the JSON of an array's members:
   * `{"event_id","status","reason"?,"field"?,"message"?,"hint"?}`.
   */
  readonly results: Buffer;
}

/** Most bytes of an accepted event's result but for its id. */
const RESULT_BYTES = 48;

/** What became of each event of a batch. */
export function answerBatch(batch: DoorBatch, appended: AppendResult): BatchAnswer {
  const tally: [number, number, number, number] = [0, 0, 0, 0];
  const rejected = new Map(batch.rejected.map((each) => [each.index, each]));
  const text = new ResultsText(batch.events * (RESULT_BYTES + 40));
  const places = batch.places();
  for (let event = 0; event < batch.events; event++) {
    const taken = places.inputs[places.inputOf[event]!];
    if (taken === undefined) {
      const found = rejected.get(event);
      if (found === undefined) continue;
      tally[found.fate]++;
      text.addText(rejectedText(found));
    } else {
      const row = places.rowOf[event]!;
      const isDuplicate = appended.sets[taken.set]?.status[row] === 1;
      tally[isDuplicate ? FATE.duplicate : FATE.accepted]++;
      text.addTaken(taken, row, isDuplicate ? DUPLICATE : ACCEPTED);
    }
  }
  return { tally, results: text.bytes() };
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
const DUPLICATE = piece(`","status":"duplicate"}`);
const COMMA = 44;

/** Results as bytes: ids go from the rows into the answer without becoming strings. */
class ResultsText {
  #bytes: Buffer;
  #view: DataView;
  #length = 0;

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(bytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  addText(text: string): void {
    this.#begin(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** An event that was taken; `after` is what stands behind its id. */
  addTaken({ input, stage, sink }: TakenInput, row: number, after: DataView): void {
    const { start, end } = input.finisher.idRange(stage, sink.sources[row]!);
    this.#begin(end - start + RESULT_BYTES);
    let at = copyBytes(this.#view, this.#length, BEFORE_ID, 0, BEFORE_ID.byteLength);
    if (plainEnd(stage.view, start, end) === end)
      at = copyBytes(this.#view, at, stage.view, start, end);
    else at += this.#writeId(stage.bytes.toString("utf8", start, end), at);
    this.#length = copyBytes(this.#view, at, after, 0, after.byteLength);
  }

  /** Writes an id that isn't the same in JSON. */
  #writeId(id: string, at: number): number {
    const text = JSON.stringify(id).slice(1, -1);
    this.#reserve(text.length * 3 + RESULT_BYTES);
    return this.#bytes.write(text, at);
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Begins a result of at most so many bytes, with a comma where there is one before it. */
  #begin(bytes: number): void {
    this.#reserve(bytes + 1);
    if (this.#length > 0) this.#bytes[this.#length++] = COMMA;
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
  return Buffer.concat([Buffer.from(`{${counts},"results":[`), results, CLOSE]);
}

/** With a line feed, for those who read it on a terminal. */
const CLOSE = Buffer.from("]}\n");
