import { ROW_HEAD } from "../../language/schema/layout.ts";

const FIRST_BYTES = 64 * 1024;
const FIRST_ROWS = 256;
const WORD = 4_294_967_296;

/**
 * Validated events of one topic on their way to rows: for each the head and the declared columns
 * in RowBinary, then the JSON text of what is undeclared, then the originals that cleaning
 * changed. Where each declared column of a row begins is kept beside it.
 */
export class Stage {
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  view: DataView = new DataView(this.bytes.buffer);
  /** Bytes in use. */
  length = 0;
  /** Rows in use. */
  rows = 0;
  readonly columns: number;
  /** Per row: its event's index in the request, and where its parts begin and end in `bytes`. */
  eventAt: Int32Array = new Int32Array(FIRST_ROWS);
  startAt: Int32Array = new Int32Array(FIRST_ROWS);
  leavesEnd: Int32Array = new Int32Array(FIRST_ROWS);
  undeclaredEnd: Int32Array = new Int32Array(FIRST_ROWS);
  originalEnd: Int32Array = new Int32Array(FIRST_ROWS);
  /** Per row: the client's own time where it isn't the event's; otherwise NaN. */
  timeOriginal: Float64Array = new Float64Array(FIRST_ROWS);
  time: Float64Array = new Float64Array(FIRST_ROWS);
  /** Where each declared column of each row begins: `[row * columns + column]`. */
  columnAt: Int32Array;

  constructor(columns: number) {
    this.columns = columns;
    this.columnAt = new Int32Array(FIRST_ROWS * columns);
  }

  clear(): void {
    this.length = 0;
    this.rows = 0;
  }

  /** Room for `bytes` more bytes and one more row. */
  reserve(bytes: number): void {
    if (this.length + bytes > this.bytes.length) this.#growBytes(this.length + bytes);
    if (this.rows === this.eventAt.length) this.#growRows();
  }

  #growBytes(least: number): void {
    const next = Buffer.allocUnsafeSlow(Math.max(least, this.bytes.length * 2));
    this.bytes.copy(next, 0, 0, this.length);
    this.bytes = next;
    this.view = new DataView(next.buffer);
  }

  #growRows(): void {
    const size = this.eventAt.length * 2;
    this.eventAt = grown(this.eventAt, new Int32Array(size));
    this.startAt = grown(this.startAt, new Int32Array(size));
    this.leavesEnd = grown(this.leavesEnd, new Int32Array(size));
    this.undeclaredEnd = grown(this.undeclaredEnd, new Int32Array(size));
    this.originalEnd = grown(this.originalEnd, new Int32Array(size));
    this.timeOriginal = grown(this.timeOriginal, new Float64Array(size));
    this.time = grown(this.time, new Float64Array(size));
    this.columnAt = grown(this.columnAt, new Int32Array(size * this.columns));
  }
}

/** The larger array, with what the smaller one has. */
export function grown<T extends Int32Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Writes a whole number below 2^53 as Int64; gives the position after it. */
export function putInt64(view: DataView, at: number, value: number): number {
  view.setUint32(at, value % WORD, true);
  view.setInt32(at + 4, Math.floor(value / WORD), true);
  return at + 8;
}

/**
 * Writes the head of a row: offset and partition 0 and the door's time for `received_at`, all of
 * which the log writes anew, and the flags. Gives the position after it.
 */
export function putHead(view: DataView, at: number, nowMs: number, flags: number): number {
  view.setFloat64(at + ROW_HEAD.offset, 0);
  putInt64(view, at + ROW_HEAD.receivedAt, nowMs);
  view.setUint16(at + ROW_HEAD.partition, 0);
  view.setUint8(at + ROW_HEAD.flags, flags);
  return at + ROW_HEAD.bytes;
}

/** Writes a length in LEB128; gives the position after it. */
export function putLength(bytes: Uint8Array, at: number, length: number): number {
  let here = at;
  let left = length;
  while (left > 127) {
    bytes[here++] = (left & 127) | 128;
    left >>>= 7;
  }
  bytes[here++] = left;
  return here;
}

const LOOP_BYTES_MAX = 160;

/** Copies `from[start, end)` to `to` at `at`; a loop is quicker than a call for short ranges. */
export function putRange(
  to: Uint8Array,
  at: number,
  from: Uint8Array,
  start: number,
  end: number,
): number {
  const length = end - start;
  if (length > LOOP_BYTES_MAX) to.set(from.subarray(start, end), at);
  else for (let index = 0; index < length; index++) to[at + index] = from[start + index]!;
  return at + length;
}
