import type { ByteWriter } from "../../../core/byte-writer.ts";
import { MillraceError } from "../../../core/errors.ts";
import { VALUE_BYTES, type Column, type Layout } from "../../schema/layout.ts";

/** Where a record lies; its row says it, the record doesn't. */
export interface RecordPlace {
  readonly offset: number;
  readonly partition: number;
}

const HEAD_ONLY = new Set(["_offset", "_partition"]);

/**
 * Turns rows of a layout into the Avro records of `topicAvro` and back, byte by byte: a row and a
 * record hold the same values, in another order and another notation.
 */
export class RowAvro {
  readonly #layout: Layout;
  /** Indices of the layout's columns in the order of the record's fields. */
  readonly #fields: readonly number[];
  /** Where each column of the row being worked on begins. */
  readonly #starts: Int32Array;

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#fields = recordOrder(layout.columns);
    this.#starts = new Int32Array(layout.columns.length + 1);
  }

  /** Writes the record of the row at `start`; gives where the row ends. */
  toAvro(rows: Uint8Array, start: number, out: ByteWriter): number {
    const { columns } = this.#layout;
    const view = viewOf(rows);
    let at = start;
    for (let index = 0; index < columns.length; index++) {
      this.#starts[index] = at;
      at = skipBinary(columns[index]!, rows, at);
    }
    for (const index of this.#fields) {
      const column = columns[index]!;
      let from = this.#starts[index]!;
      if (column.nullable) {
        const isNull = rows[from++] === 1;
        out.byte(isNull ? 0 : 2);
        if (isNull) continue;
      }
      valueToAvro(column, rows, view, from, out);
    }
    return at;
  }

  /** UTF-8 of a column of the row at `start`; undefined where it is null or isn't a text. */
  textOf(name: string, rows: Uint8Array, start: number): Uint8Array | undefined {
    const { column, at } = this.#find(name, rows, start);
    if (column.codec !== "string" || (column.nullable && rows[at] === 1)) return undefined;
    const length = at + (column.nullable ? 1 : 0);
    const from = afterVarint(rows, length);
    return rows.slice(from, from + varint(rows, length));
  }

  /** A column of 64 bits of the row at `start` that is never null, such as a time in ms. */
  int64Of(name: string, rows: Uint8Array, start: number): number {
    return Number(viewOf(rows).getBigInt64(this.#find(name, rows, start).at, true));
  }

  /** Where the row at `start` ends. */
  endOf(rows: Uint8Array, start: number): number {
    return this.#layout.columns.reduce((at, column) => skipBinary(column, rows, at), start);
  }

  #find(name: string, rows: Uint8Array, start: number): { column: Column; at: number } {
    let at = start;
    for (const column of this.#layout.columns) {
      if (column.name === name) return { column, at };
      at = skipBinary(column, rows, at);
    }
    throw new MillraceError("INTERNAL", `a row has no column ${name}`);
  }

  /**
   * Writes the row of the record in `record` from `start` on; gives where the record ends. Throws
   * `STORAGE_CORRUPT` when it ends too early.
   */
  toRow(record: Uint8Array, start: number, place: RecordPlace, out: ByteWriter): number {
    const { columns } = this.#layout;
    const view = viewOf(record);
    let at = start;
    for (const index of this.#fields) {
      this.#starts[index] = at;
      at = skipAvro(columns[index]!, record, at);
    }
    if (!(at <= record.length)) {
      throw new MillraceError("STORAGE_CORRUPT", "a record ends before its last field");
    }
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index]!;
      if (column.name === "_offset") out.int64(BigInt(place.offset));
      else if (column.name === "_partition") {
        out.byte(place.partition & 255);
        out.byte(place.partition >>> 8);
      } else valueToRow(column, record, view, this.#starts[index]!, out);
    }
    return at;
  }
}

/** A record's fields come in the order in which the record of each was first mentioned. */
function recordOrder(columns: readonly Column[]): readonly number[] {
  interface Tree extends Map<string, Tree | number> {}
  const root: Tree = new Map();
  const put = (index: number, path: readonly string[]): void => {
    let tree = root;
    for (const name of path.slice(0, -1)) {
      const below = tree.get(name) ?? (new Map() as Tree);
      tree.set(name, below);
      tree = below as Tree;
    }
    tree.set(path.at(-1)!, index);
  };
  for (const [index, { name, role }] of columns.entries()) {
    if (role === "declared") put(index, name.split("."));
  }
  for (const [index, { name, role }] of columns.entries()) {
    if (role !== "declared" && !HEAD_ONLY.has(name)) put(index, [name]);
  }
  const flat = (tree: Tree): number[] =>
    [...tree.values()].flatMap((below) => (typeof below === "number" ? [below] : flat(below)));
  return flat(root);
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Where a column's value in a row ends. */
function skipBinary(column: Column, rows: Uint8Array, start: number): number {
  let at = start;
  if (column.nullable && rows[at++] === 1) return at;
  if (column.codec !== "string") return at + VALUE_BYTES[column.codec];
  const length = varint(rows, at);
  return afterVarint(rows, at) + length;
}

/** Where a field in a record ends. */
function skipAvro(column: Column, record: Uint8Array, start: number): number {
  let at = start;
  if (column.nullable && record[at++] === 0) return at;
  switch (column.codec) {
    case "bool":
      return at + 1;
    case "float64":
      return at + 8;
    case "string":
    case "decimal64":
    case "decimal128":
      return afterVarint(record, at) + varint(record, at) / 2;
    default:
      return afterVarint(record, at);
  }
}

function valueToAvro(
  column: Column,
  rows: Uint8Array,
  view: DataView,
  at: number,
  out: ByteWriter,
): void {
  switch (column.codec) {
    case "bool":
      out.byte(rows[at]!);
      return;
    case "uint8":
      out.varint(rows[at]! * 2);
      return;
    case "uint16":
      out.varint(view.getUint16(at, true) * 2);
      return;
    case "float64":
      out.copy(rows, at, at + 8);
      return;
    case "uint64":
    case "int64":
    case "time": {
      const high = view.getInt32(at + 4, true);
      // Twice the value is below 2^53: almost all times and counts.
      if (high >= 0 && high < 0x80_000) {
        out.varint((high * 4_294_967_296 + view.getUint32(at, true)) * 2);
      } else {
        const value = view.getBigInt64(at, true);
        out.varint64((value << 1n) ^ (value >> 63n));
      }
      return;
    }
    case "decimal64":
      decimalToAvro(rows, at, 8, out);
      return;
    case "decimal128":
      decimalToAvro(rows, at, 16, out);
      return;
    case "string": {
      const length = varint(rows, at);
      const from = afterVarint(rows, at);
      out.varint(length * 2);
      out.copy(rows, from, from + length);
    }
  }
}

/** Little-endian two's complement of a fixed width as big-endian of the least width. */
function decimalToAvro(rows: Uint8Array, at: number, width: number, out: ByteWriter): void {
  const sign = rows[at + width - 1]! >= 128 ? 255 : 0;
  let length = width;
  while (length > 1 && rows[at + length - 1] === sign) {
    if (rows[at + length - 2]! >= 128 !== sign > 0) break;
    length--;
  }
  out.varint(length * 2);
  for (let index = length - 1; index >= 0; index--) out.byte(rows[at + index]!);
}

function valueToRow(
  column: Column,
  record: Uint8Array,
  view: DataView,
  start: number,
  out: ByteWriter,
): void {
  let at = start;
  if (column.nullable) {
    const isNull = record[at++] === 0;
    out.byte(isNull ? 1 : 0);
    if (isNull) return;
  }
  switch (column.codec) {
    case "bool":
      out.byte(record[at]!);
      return;
    case "uint8":
      out.byte(varint(record, at) / 2);
      return;
    case "uint16": {
      const value = varint(record, at) / 2;
      out.byte(value & 255);
      out.byte(value >>> 8);
      return;
    }
    case "float64":
      out.int64(view.getBigInt64(at, true));
      return;
    case "uint64":
    case "int64":
    case "time":
      out.int64(zigzag64(record, at));
      return;
    case "decimal64":
      decimalToRow(record, at, 8, out);
      return;
    case "decimal128":
      decimalToRow(record, at, 16, out);
      return;
    case "string": {
      const length = varint(record, at) / 2;
      const from = afterVarint(record, at);
      out.varint(length);
      out.copy(record, from, from + length);
    }
  }
}

function decimalToRow(record: Uint8Array, at: number, width: number, out: ByteWriter): void {
  const length = varint(record, at) / 2;
  const from = afterVarint(record, at);
  if (length > width) {
    throw new MillraceError("STORAGE_CORRUPT", `an amount has ${length} bytes, at most ${width}`);
  }
  const sign = length > 0 && record[from]! >= 128 ? 255 : 0;
  for (let index = 0; index < width; index++) {
    out.byte(index < length ? record[from + length - 1 - index]! : sign);
  }
}

/** A number below 2^53; lengths are far below it. */
function varint(bytes: Uint8Array, start: number): number {
  let value = 0;
  let factor = 1;
  for (let at = start; ; at++) {
    const byte = bytes[at]!;
    if (!(byte >= 128)) return value + byte * factor; // NaN beyond the end
    value += (byte & 127) * factor;
    factor *= 128;
  }
}

function afterVarint(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at]! >= 128) at++;
  return at + 1;
}

function zigzag64(bytes: Uint8Array, start: number): bigint {
  let value = 0n;
  let shift = 0n;
  for (let at = start; ; at++) {
    const byte = bytes[at]!;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) break;
    shift += 7n;
  }
  return (value >> 1n) ^ -(value & 1n);
}
