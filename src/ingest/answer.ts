import type { AppendResult } from "../storage/log/append-request.ts";
import type { DoorBatch, TakenInput } from "./door-batch.ts";
import { FATE, FATE_NAMES, type Rejected } from "./outcome.ts";
import { putRange } from "./scan/stage.ts";

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

const BEFORE_ID = Buffer.from(`{"event_id":"`);
/** What stands behind an id and its opening quote. */
const ACCEPTED = Buffer.from(`","status":"accepted"}`);
const DUPLICATE = Buffer.from(`","status":"duplicate"}`);
const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;

/** Whether text is the same in JSON. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < 32 || byte === QUOTE || byte === BACKSLASH) return false;
  }
  return true;
}

/** Results as bytes: ids go from the rows into the answer without becoming strings. */
class ResultsText {
  #bytes: Buffer;
  #length = 0;

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafe(bytes);
  }

  addText(text: string): void {
    this.#begin(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** An event that was taken; `after` is what stands behind its id. */
  addTaken({ input, stage, sink }: TakenInput, row: number, after: Buffer): void {
    const { start, end } = input.finisher.idRange(stage, sink.sources[row]!);
    if (!isPlain(stage.bytes, start, end)) {
      const id = JSON.stringify(stage.bytes.toString("utf8", start, end));
      return this.addText(`{"event_id":${id},${after.toString("latin1", 2)}`);
    }
    this.#begin(end - start + RESULT_BYTES);
    let at = putRange(this.#bytes, this.#length, BEFORE_ID, 0, BEFORE_ID.length);
    at = putRange(this.#bytes, at, stage.bytes, start, end);
    this.#length = putRange(this.#bytes, at, after, 0, after.length);
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Begins a result of at most so many bytes, with a comma where there is one before it. */
  #begin(bytes: number): void {
    if (this.#length + bytes + 1 > this.#bytes.length) {
      const next = Buffer.allocUnsafe((this.#length + bytes + 1) * 2);
      this.#bytes.copy(next, 0, 0, this.#length);
      this.#bytes = next;
    }
    if (this.#length > 0) this.#bytes[this.#length++] = COMMA;
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
