/** A JSON Schema as written: an object of keywords, `true` (anything) or `false` (nothing). */
export type JsonSchema = boolean | JsonSchemaObject;
export type JsonSchemaObject = Readonly<Record<string, unknown>>;

/** A schema together with what its `$ref`s may name. */
export interface JsonSchemaDocument {
  readonly root: JsonSchema;
  /** Other documents by the name or `$id` that a `$ref` uses. */
  readonly references: ReadonlyMap<string, JsonSchemaDocument>;
}

/** A place in a document: what a keyword's subschema is, once its `$ref` has been followed. */
export interface JsonSchemaPlace {
  readonly schema: JsonSchema;
  readonly document: JsonSchemaDocument;
}

/** A place whose schema is an object of keywords. */
export interface JsonObjectPlace extends JsonSchemaPlace {
  readonly schema: JsonSchemaObject;
}

/** The types of JSON values that schemas name. Every integer is a number as well. */
export const JSON_TYPES = [
  "null",
  "boolean",
  "object",
  "array",
  "number",
  "integer",
  "string",
] as const;

export type JsonType = (typeof JSON_TYPES)[number];

/** All types, `integer` left out as a part of `number`. */
const EVERY_TYPE: readonly JsonType[] = ["null", "boolean", "object", "array", "number", "string"];

/** The types that a schema's `type`, `const` and `enum` leave. */
export function typesOf(schema: JsonSchemaObject): readonly JsonType[] {
  const type = schema["type"];
  const declared =
    type === undefined
      ? EVERY_TYPE
      : ((Array.isArray(type) ? type : [type]) as readonly JsonType[]);
  const values = finiteValues(schema);
  if (values === undefined) return declared;
  const found = new Set(values.map(typeOfValue));
  return [...found].filter((each) => declared.some((wide) => includesType(wide, each)));
}

/** Whether each value of type `narrow` is one of type `wide`. */
export function includesType(wide: JsonType, narrow: JsonType): boolean {
  return wide === narrow || (wide === "number" && narrow === "integer");
}

/** The values of `const` or `enum`; undefined when any value may pass. */
export function finiteValues(schema: JsonSchemaObject): readonly unknown[] | undefined {
  if ("const" in schema) return [schema["const"]];
  return Array.isArray(schema["enum"]) ? (schema["enum"] as unknown[]) : undefined;
}

/** The type of one JSON value; a number without a fraction is an integer. */
export function typeOfValue(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  if (typeof value === "boolean" || typeof value === "string") return typeof value as JsonType;
  return "object";
}

/** A keyword's value as a schema, or undefined when it is absent. */
export function subschema(schema: JsonSchemaObject, keyword: string): JsonSchema | undefined {
  const value = schema[keyword];
  return value === undefined ? undefined : (value as JsonSchema);
}

/** A keyword's value as an object of schemas; empty when it is absent. */
export function subschemas(
  schema: JsonSchemaObject,
  keyword: string,
): Readonly<Record<string, JsonSchema>> {
  return (schema[keyword] as Readonly<Record<string, JsonSchema>> | undefined) ?? {};
}

/** A keyword's value as a list of schemas; undefined when it is absent. */
export function subschemaList(
  schema: JsonSchemaObject,
  keyword: string,
): readonly JsonSchema[] | undefined {
  const value = schema[keyword];
  return Array.isArray(value) ? (value as JsonSchema[]) : undefined;
}
