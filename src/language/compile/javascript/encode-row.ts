import type { Value } from "../../plan/value.ts";
import type { Column, Layout } from "../../schema/layout.ts";

const encoder = new TextEncoder();

/**
 * One row as RowBinary, from its values in the order of the layout's columns. The plain, slow way:
 * for tests, tools and rare rows; the collector writes its rows straight from the bytes it gets.
 */
export function encodeRow(layout: Layout, values: readonly Value[]): Uint8Array {
  const texts = values.map((value) => (typeof value === "string" ? encoder.encode(value) : null));
  const room = texts.reduce((sum, text) => sum + (text?.length ?? 0) + 22, 0);
  const bytes = new Uint8Array(room);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [index, column] of layout.columns.entries()) {
    const value = values[index] ?? null;
    if (column.nullable) bytes[at++] = value === null ? 1 : 0;
    if (value === null && column.nullable) continue;
    const text = texts[index];
    at =
      text === null || text === undefined
        ? writeFixed(view, at, column, value)
        : writeText(bytes, at, text);
  }
  return bytes.subarray(0, at);
}

function writeText(bytes: Uint8Array, start: number, text: Uint8Array): number {
  let at = start;
  let length = text.length;
  while (length > 127) {
    bytes[at++] = (length & 127) | 128;
    length >>>= 7;
  }
  bytes[at++] = length;
  bytes.set(text, at);
  return at + text.length;
}

function writeFixed(view: DataView, at: number, column: Column, value: Value): number {
  switch (column.codec) {
    case "uint8":
    case "bool":
      view.setUint8(at, Number(value));
      return at + 1;
    case "uint16":
      view.setUint16(at, Number(value), true);
      return at + 2;
    case "float64":
      view.setFloat64(at, Number(value), true);
      return at + 8;
    case "uint64":
    case "int64":
    case "time":
    case "decimal64":
      view.setBigInt64(at, BigInt.asIntN(64, BigInt(value ?? 0)), true);
      return at + 8;
    case "decimal128":
      view.setBigUint64(at, BigInt.asUintN(64, BigInt(value ?? 0)), true);
      view.setBigInt64(at + 8, BigInt.asIntN(64, BigInt(value ?? 0) >> 64n), true);
      return at + 16;
    case "string": // a missing text of a column that may not be null: empty
      view.setUint8(at, 0);
      return at + 1;
  }
}
