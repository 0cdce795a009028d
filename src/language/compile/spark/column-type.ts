import type { ValueType } from "../../schema/field-type.ts";
import type { Column, Layout } from "../../schema/layout.ts";
import { decimalType, quoteName } from "../sql/sql-text.ts";

/** What Spark calls a value of the language. */
export function sparkType(type: ValueType): string {
  switch (type.kind) {
    case "string":
      return "STRING";
    case "integer":
      return "BIGINT";
    case "decimal":
      return decimalType(type.precision, type.scale);
    case "float":
      return "DOUBLE";
    case "boolean":
      return "BOOLEAN";
    case "timestamp":
      return "TIMESTAMP";
  }
}

/** Digits of the narrowest decimals that the lake's files have. */
const LAKE_DIGITS_MIN = 10;

/** The type of a column of the lake's files: unsigned ones are read into wider signed ones. */
function fileType({ codec, valueType }: Column): string {
  switch (codec) {
    case "uint64":
      return "DECIMAL(20, 0)";
    case "uint16":
      return "INT";
    case "uint8":
      return "SMALLINT";
    default:
      return valueType.kind === "decimal"
        ? decimalType(Math.max(valueType.precision, LAKE_DIGITS_MIN), valueType.scale)
        : sparkType(valueType);
  }
}

/** The columns of a topic's files as `CREATE … VIEW` takes them. */
export const fileColumnsSql = (layout: Layout): string =>
  layout.columns.map((column) => `${quoteName(column.name)} ${fileType(column)}`).join(", ");

/** A SELECT of a topic's columns that has no rows. */
export const noRowsSql = (layout: Layout): string =>
  `SELECT ${layout.columns.map((column) => `CAST(NULL AS ${fileType(column)}) AS ${quoteName(column.name)}`).join(", ")} WHERE FALSE`;
