import type { Value } from "../../plan/value.ts";
import type { Column, Layout } from "../../schema/layout.ts";
import { encodeRow } from "./encode-row.ts";
import { rowToValues } from "./row-to-object.ts";

/**
 * Rows of an earlier layout in today's: columns by name, null (or the type's zero, as the warehouse
 * has it) in those that the rows lack; columns that there are no more are left out. Compatible
 * changes never change what a column's values mean; a decimal may have got more places.
 */
export function convertRows(from: Layout, to: Layout, rows: Uint8Array): Uint8Array {
  if (from.id === to.id) return rows;
  const sources = to.columns.map((column) => {
    const at = from.columns.findIndex((each) => each.name === column.name);
    return at === -1 ? undefined : { at, shift: placesAdded(from.columns[at]!, column) };
  });
  const made: Uint8Array[] = [];
  for (let start = 0; start < rows.length;) {
    const { values, end } = rowToValues(from, rows, start);
    const converted = sources.map((source): Value => {
      const value = source === undefined ? null : values[source.at]!;
      return source !== undefined && source.shift > 0 && typeof value === "bigint"
        ? value * 10n ** BigInt(source.shift)
        : value;
    });
    made.push(encodeRow(to, converted));
    start = end;
  }
  return concat(made);
}

const scaleOf = ({ valueType }: Column): number =>
  valueType.kind === "decimal" ? valueType.scale : 0;

const placesAdded = (from: Column, to: Column): number => scaleOf(to) - scaleOf(from);

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
