import { LIMITS } from "../../../core/limits.ts";

/** Why data of one schema can't be read by another. A closed list. */
export type IncompatibilityKind =
  | "SCHEMA_TYPE_CHANGED"
  // both languages
  | "TYPE_CHANGED"
  | "ENUM_NARROWED"
  // Avro
  | "NAME_CHANGED"
  | "FIELD_WITHOUT_DEFAULT"
  | "ALIAS_AMBIGUOUS"
  | "FIXED_SIZE_CHANGED"
  | "UNION_BRANCH_MISSING"
  | "LOGICAL_TYPE_CHANGED"
  | "DECIMAL_CHANGED"
  // JSON Schema
  | "REQUIRED_ADDED"
  | "PROPERTY_REFUSED"
  | "BOUND_TIGHTENED"
  | "COMBINATOR_NARROWED"
  | "CONSTRUCT_NOT_COMPARED";

/** One thing a reader can't do with data of a writer; `reader` and `writer` show both sides. */
export interface Mismatch {
  readonly kind: IncompatibilityKind;
  /** Steps from the root: field names, `[]` for items of an array, `{}` for values of a map. */
  readonly path: readonly string[];
  /** What the reader has there, in words that can follow "has". */
  readonly reader: string;
  /** What the writer has there. */
  readonly writer: string;
}

/** A mismatch between a new schema and one earlier version, ready to be shown. */
export interface Incompatibility {
  /** `REFUSED_BY_REGISTRY`: a registry that others run has rules of its own. */
  readonly kind: IncompatibilityKind | "REFUSED_BY_REGISTRY";
  /** Dotted path of the field, empty at the root. */
  readonly path: string;
  /** `BACKWARD`: the new schema can't read old data. `FORWARD`: the other way round. */
  readonly direction: "BACKWARD" | "FORWARD";
  /** The earlier version it was compared with. */
  readonly version: number;
  /** What changed, naming the field. */
  readonly message: string;
  /** What to do next. */
  readonly hint: string;
}

/** The mismatches of a part, seen from the whole. At most `schemaMismatchesMax` are kept. */
export function under(step: string, mismatches: readonly Mismatch[]): Mismatch[] {
  return mismatches
    .slice(0, LIMITS.schemaMismatchesMax)
    .map((mismatch) => ({ ...mismatch, path: [step, ...mismatch.path] }));
}

/** Steps of a path as a text: `items[].price`, `tags{}`. */
export function pathText(path: readonly string[]): string {
  return path.reduce((text, step) => {
    if (step === "[]" || step === "{}") return text + step;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}
