import type { Value } from "../../plan/value.ts";
import { emptyValue } from "../../schema/empty-value.ts";
import type { Column, Layout } from "../../schema/layout.ts";
import { encodeRow } from "./encode-row.ts";
import { rowToValues } from "./row-to-object.ts";

/**
 * The row at `start`, of one layout, in another one of its topic: columns by their names. One that
 * the row lacks is null, or empty where it may not be; a decimal with fewer places is widened.
 */
export function rowInLayout(rows: Uint8Array, start: number, from: Layout, to: Layout): Uint8Array {
  const { values } = rowToValues(from, rows, start);
  const places = new Map(from.columns.map(({ name }, index) => [name, index]));
  return encodeRow(
    to,
    to.columns.map((column): Value => {
      const index = places.get(column.name);
      const value = index === undefined ? null : values[index]!;
      if (value !== null) return widened(value, from.columns[index!]!, column);
      return column.nullable ? null : emptyValue(column.valueType);
    }),
  );
}

function widened(value: Value, { valueType: was }: Column, { valueType: is }: Column): Value {
  if (was.kind !== "decimal" || is.kind !== "decimal" || typeof value !== "bigint") return value;
  return value * 10n ** BigInt(Math.max(is.scale - was.scale, 0));
}
