import { formatDecimal } from "../../../core/decimal.ts";
import type { Json } from "../../../core/canonical-json.ts";
import type { Value } from "../../plan/value.ts";
import type { Column, Layout } from "../../schema/layout.ts";
import { compileRows, type RowProgram } from "./compile-rows.ts";

const readers = new WeakMap<Layout, RowProgram>();

/** A program that reads every column of a layout; compiled once per layout object. */
function readerOf(layout: Layout): RowProgram {
  let reader = readers.get(layout);
  if (reader === undefined) {
    reader = compileRows(
      layout,
      layout.columns.map((column) => ({
        kind: "field",
        source: "",
        path: column.name,
        type: column.valueType,
        nullable: column.nullable,
      })),
      { texts: "fresh" },
    );
    readers.set(layout, reader);
  }
  return reader;
}

/** All values of the row at `start`, in the order of the layout's columns, and where it ends. */
export function rowToValues(
  layout: Layout,
  rows: Uint8Array,
  start: number,
): { readonly values: Value[]; readonly end: number } {
  const reader = readerOf(layout);
  const end = reader.run(rows, start);
  return { values: reader.values.map((value) => value()), end };
}

/** Where the row at `start` ends. */
export const rowEnd = (layout: Layout, rows: Uint8Array, start: number): number =>
  readerOf(layout).run(rows, start);

/** An object of JSON whose members may still be added. */
interface JsonObject {
  [key: string]: Json | JsonObject;
}

/**
 * The row at `start` as people read it: dotted columns nested, decimals and whole numbers beyond
 * 2^53 as text, times as RFC 3339, `_undeclared` parsed. Columns that are null are left out.
 */
export function rowToObject(layout: Layout, rows: Uint8Array, start: number): JsonObject {
  const { values } = rowToValues(layout, rows, start);
  const object: JsonObject = {};
  for (const [index, column] of layout.columns.entries()) {
    const value = values[index]!;
    if (value !== null) place(object, column.name, jsonOf(column, value));
  }
  return object;
}

function place(object: JsonObject, path: string, value: Json): void {
  const steps = path.split(".");
  let at = object;
  for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as JsonObject;
  at[steps.at(-1)!] = value;
}

/** A column's value as JSON. */
export function jsonOf(column: Column, value: Value): Json {
  if (column.name === "_undeclared" && typeof value === "string") return parsed(value);
  switch (column.valueType.kind) {
    case "decimal":
      return formatDecimal(value as bigint, column.valueType.scale);
    case "timestamp":
      return new Date(value as number).toISOString();
    case "integer":
      return integerJson(value as bigint);
    default:
      return value as string | number | boolean;
  }
}

const integerJson = (value: bigint): Json =>
  Number.isSafeInteger(Number(value)) ? Number(value) : String(value);

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
