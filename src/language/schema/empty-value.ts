import type { LeafType, ValueType } from "./field-type.ts";

/** What stands in a required column where a row has no value: `""`, 0 or false. */
export function emptyValue({ kind }: LeafType | ValueType): string | bigint | number | boolean {
  switch (kind) {
    case "integer":
    case "decimal":
      return 0n;
    case "float":
    case "timestamp":
      return 0;
    case "boolean":
      return false;
    default:
      return "";
  }
}
