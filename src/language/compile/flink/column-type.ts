import type { ValueType } from "../../schema/field-type.ts";
import { decimalType, quoteName } from "../sql/sql-text.ts";

/** What Flink calls a value of the language in a sink. Times are TIMESTAMP(3), in UTC. */
export function sinkType(type: ValueType): string {
  return type.kind === "timestamp" ? "TIMESTAMP(3)" : sourceType(type);
}

/** … and in a source: times are BIGINT, milliseconds. */
export function sourceType(type: ValueType): string {
  switch (type.kind) {
    case "string":
      return "STRING";
    case "integer":
    case "timestamp":
      return "BIGINT";
    case "decimal":
      return decimalType(type.precision, type.scale);
    case "float":
      return "DOUBLE";
    case "boolean":
      return "BOOLEAN";
  }
}

/** A column with its type. */
export const columnSql = (name: string, type: string, nullable: boolean): string =>
  `${quoteName(name)} ${type}${nullable ? "" : " NOT NULL"}`;

/** Milliseconds as a TIMESTAMP(3). */
export const timestampSql = (ms: string): string =>
  `CAST(TO_TIMESTAMP_LTZ(${ms}, 3) AS TIMESTAMP(3))`;
