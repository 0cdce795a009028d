import { clickhouseType, type Column, type Layout } from "../../schema/layout.ts";
import { quoteName } from "./sql-text.ts";

/**
 * The columns of a topic's rows as the structure of a table function, such as
 * `file('rows.bin', 'RowBinary', '<structure>')`: plain types, in the order of their bytes.
 */
export const rowStructure = (layout: Layout): string =>
  layout.columns.map((column) => `${quoteName(column.name)} ${clickhouseType(column)}`).join(", ");

/** Compression by what a column holds: times and offsets grow, so their differences are small. */
export function columnCodec(column: Column): string {
  switch (column.codec) {
    case "time":
    case "uint64":
      return "CODEC(Delta, ZSTD(1))";
    default:
      return "CODEC(ZSTD(1))";
  }
}
