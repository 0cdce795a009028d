import { clickhouseType, type Column, type Layout } from "../../schema/layout.ts";
import { quoteName } from "./sql-text.ts";

/**
 * The columns of a topic's rows as the structure of a table function, such as
 * `file('rows.bin', 'RowBinary', '<structure>')`: plain types, in the order of their bytes.
 */
export const rowStructure = (layout: Layout): string =>
  layout.columns.map((column) => `${quoteName(column.name)} ${clickhouseType(column)}`).join(", ");

/**
 * Compression by what a column holds: times and offsets grow, so their differences are small. What
 * compresses the rest is left to the server, which may take a quick method for small, young parts
 * and a thorough one for large ones, as the embedded engine does.
 */
export function columnCodec(column: Column): string {
  switch (column.codec) {
    case "time":
    case "uint64":
      return "CODEC(Delta, Default)";
    default:
      return "CODEC(Default)";
  }
}
