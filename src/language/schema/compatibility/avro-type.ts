/** A logical type as written; names we don't know are kept, so that a change shows. */
export interface AvroLogical {
  readonly name: string;
  /** Of a decimal; digits. */
  readonly precision?: number;
  /** Of a decimal; digits after the point, 0 where the schema leaves it out. */
  readonly scale?: number;
}

/** Avro's primitive types, in the order of the specification. */
export const AVRO_PRIMITIVES = [
  "null",
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "bytes",
  "string",
] as const;

export type AvroPrimitiveName = (typeof AVRO_PRIMITIVES)[number];

export interface AvroPrimitive {
  readonly kind: AvroPrimitiveName;
  readonly logical?: AvroLogical;
}

/** Names are full names (`namespace.name`); so are aliases. */
interface AvroNamed {
  readonly name: string;
  readonly aliases: readonly string[];
}

export interface AvroField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: AvroType;
  /** Absent when the field has no default; the default itself may be null. */
  readonly default?: { readonly value: unknown };
}

/** `fields` is filled after the name is known, so that a record may contain itself. */
export interface AvroRecord extends AvroNamed {
  readonly kind: "record";
  readonly fields: AvroField[];
}

export interface AvroEnum extends AvroNamed {
  readonly kind: "enum";
  readonly symbols: readonly string[];
  readonly default?: string;
}

export interface AvroFixed extends AvroNamed {
  readonly kind: "fixed";
  readonly size: number;
  readonly logical?: AvroLogical;
}

export interface AvroArray {
  readonly kind: "array";
  readonly items: AvroType;
}

export interface AvroMap {
  readonly kind: "map";
  readonly values: AvroType;
}

export interface AvroUnion {
  readonly kind: "union";
  readonly branches: readonly AvroType[];
}

/** A parsed Avro schema: a graph, since records may contain themselves. */
export type AvroType =
  | AvroPrimitive
  | AvroRecord
  | AvroEnum
  | AvroFixed
  | AvroArray
  | AvroMap
  | AvroUnion;

/** A type in a few words, for messages: `decimal(18, 4) as bytes`, `record Order`, `null | int`. */
export function avroTypeText(type: AvroType): string {
  switch (type.kind) {
    case "union":
      return type.branches.map(avroTypeText).join(" | ") || "an empty union";
    case "array":
      return `array of ${nameOf(type.items)}`;
    case "map":
      return `map of ${nameOf(type.values)}`;
    case "record":
    case "enum":
      return `${type.kind} ${type.name}`;
    case "fixed":
      return withLogical(`fixed ${type.name} of ${type.size} bytes`, type.logical);
    default:
      return withLogical(type.kind, type.logical);
  }
}

/** A logical type in a few words. */
export function avroLogicalText(logical: AvroLogical | undefined): string {
  if (logical === undefined) return "no logical type";
  if (logical.name !== "decimal") return logical.name;
  return `decimal(${logical.precision}, ${logical.scale})`;
}

function withLogical(base: string, logical: AvroLogical | undefined): string {
  return logical === undefined ? base : `${avroLogicalText(logical)} as ${base}`;
}

function nameOf(type: AvroType): string {
  if (type.kind === "array" || type.kind === "map") return type.kind;
  return type.kind === "union" ? "a union" : avroTypeText(type);
}
