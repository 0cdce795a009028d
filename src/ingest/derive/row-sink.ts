import type { Column } from "../../language/schema/layout.ts";
import type { Value } from "../../language/plan/value.ts";
import { grown, putInt64, putLength, putRange } from "../scan/stage.ts";

const FIRST_BYTES = 64 * 1024;
const FIRST_ROWS = 256;

/** Rows of one topic being made for one append request. */
export class RowSink {
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  view: DataView = new DataView(this.bytes.buffer);
  length = 0;
  rows = 0;
  rowStarts: Uint32Array = new Uint32Array(FIRST_ROWS);
  times: Float64Array = new Float64Array(FIRST_ROWS);
  partitionHash: Int32Array = new Int32Array(FIRST_ROWS);
  /** Three words a row. */
  hashes: Uint32Array = new Uint32Array(FIRST_ROWS * 3);
  /** Index of the staged row (events) or of the parent's row (streams) that a row came from. */
  sources: Int32Array = new Int32Array(FIRST_ROWS);

  clear(): void {
    this.length = 0;
    this.rows = 0;
  }

  /** Room for `bytes` more bytes and one more row, which begins now. */
  begin(bytes: number): number {
    if (this.length + bytes > this.bytes.length) {
      const next = Buffer.allocUnsafeSlow((this.length + bytes) * 2);
      this.bytes.copy(next); // the row that is being made lies behind `length`
      this.bytes = next;
      this.view = new DataView(next.buffer);
    }
    if (this.rows === this.rowStarts.length) this.#growRows();
    return this.length;
  }

  #growRows(): void {
    const size = this.rowStarts.length * 2;
    this.rowStarts = grown(this.rowStarts, new Uint32Array(size));
    this.times = grown(this.times, new Float64Array(size));
    this.partitionHash = grown(this.partitionHash, new Int32Array(size));
    this.hashes = grown(this.hashes, new Uint32Array(size * 3));
    this.sources = grown(this.sources, new Int32Array(size));
  }

  /** The row from `begin` on is whole and ends at `end`. */
  commit(end: number, time: number, partitionHash: number, source: number): void {
    const row = this.rows++;
    this.rowStarts[row] = this.length;
    this.times[row] = time;
    this.partitionHash[row] = partitionHash;
    this.sources[row] = source;
    this.length = end;
  }
}

/** Bytes that a value needs at most in RowBinary. */
export const valueRoom = (value: Value): number =>
  typeof value === "string" ? value.length * 3 + 6 : 17;

/** Writes a column's value in RowBinary; gives the position after it. */
export function putValue(
  sink: { readonly bytes: Buffer; readonly view: DataView },
  at: number,
  column: Column,
  value: Value,
): number {
  const { bytes, view } = sink;
  let to = at;
  if (column.nullable) bytes[to++] = value === null ? 1 : 0;
  if (value === null) return to;
  switch (column.codec) {
    case "string": {
      const text = value as string;
      to = putLength(bytes, to, Buffer.byteLength(text));
      return to + bytes.write(text, to);
    }
    case "time":
      return putInt64(view, to, value as number);
    case "float64":
      view.setFloat64(to, value as number, true);
      return to + 8;
    case "bool":
    case "uint8":
      bytes[to] = Number(value);
      return to + 1;
    case "uint16":
      view.setUint16(to, Number(value), true);
      return to + 2;
    case "int64":
    case "uint64":
    case "decimal64":
      view.setBigInt64(to, BigInt.asIntN(64, value as bigint), true);
      return to + 8;
    case "decimal128":
      view.setBigUint64(to, BigInt.asUintN(64, value as bigint), true);
      view.setBigInt64(to + 8, BigInt.asIntN(64, (value as bigint) >> 64n), true);
      return to + 16;
  }
}

/** Writes a nullable text from a range of bytes; an empty range is null when `emptyIsNull`. */
export function putNullableText(
  to: Uint8Array,
  at: number,
  from: Uint8Array,
  start: number,
  end: number,
): number {
  if (start === end) {
    to[at] = 1;
    return at + 1;
  }
  to[at] = 0;
  return putRange(to, putLength(to, at + 1, end - start), from, start, end);
}
