/** A leaf's type: what one value of a field is. */
export type LeafType =
  | StringType
  | IdType
  | OneOfType
  | IntegerType
  | DecimalType
  | FloatType
  | BooleanType
  | TimestampType;

/** A leaf or a record of further fields. */
export type FieldType = LeafType | RecordType;

export interface StringType {
  readonly kind: "string";
}
/** A UUID, or a client's own id of 1 to 128 characters. */
export interface IdType {
  readonly kind: "id";
}
export interface OneOfType<Value extends string = string> {
  readonly kind: "oneOf";
  readonly values: readonly Value[];
}
/** A whole number of 64 bits. */
export interface IntegerType {
  readonly kind: "integer";
}
/** An exact amount: at most `precision` digits (≤ 38), `scale` of them after the point. */
export interface DecimalType {
  readonly kind: "decimal";
  readonly precision: number;
  readonly scale: number;
  /** For money: the dotted path of the field that names the currency. */
  readonly currency?: string;
}
/** A measurement of 64-bit floating point; never an amount, never summed. */
export interface FloatType {
  readonly kind: "float";
}
export interface BooleanType {
  readonly kind: "boolean";
}
/** A point in time, UTC, milliseconds. `zone`: how to read a time without an offset (IANA). */
export interface TimestampType {
  readonly kind: "timestamp";
  readonly zone?: string;
}
export interface RecordType {
  readonly kind: "record";
  readonly fields: readonly FieldNode[];
}

/** One step of cleaning a value at the door; what it changes is counted, the original kept. */
export type CleanStep =
  | { readonly kind: "trim" }
  | { readonly kind: "lowercase" }
  | { readonly kind: "uppercase" }
  | { readonly kind: "nfc" }
  /** Takes a number's text for a number, a number for a text, `"true"` for true. */
  | { readonly kind: "coerce" }
  /** What an absent or null value becomes. */
  | { readonly kind: "default"; readonly value: string | number | boolean };

/** One declared field. */
export interface FieldNode {
  readonly name: string;
  readonly type: FieldType;
  readonly optional: boolean;
  /** Names the person that the event is about; what erasure looks for. */
  readonly subject?: true;
  /** About a person, but doesn't name them. */
  readonly personal?: true;
  readonly clean?: readonly CleanStep[];
}

/** The kinds of value that expressions have. */
export type ValueKind = "string" | "integer" | "decimal" | "float" | "boolean" | "timestamp";

/** The type of an expression's value. */
export type ValueType =
  | { readonly kind: Exclude<ValueKind, "decimal"> }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number };

/** The value type that a leaf has inside expressions. */
export function valueType(type: LeafType): ValueType {
  switch (type.kind) {
    case "string":
    case "id":
    case "oneOf":
      return { kind: "string" };
    case "decimal":
      return { kind: "decimal", precision: type.precision, scale: type.scale };
    default:
      return { kind: type.kind };
  }
}
