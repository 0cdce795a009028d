import { canonicalJson } from "../../../core/canonical-json.ts";
import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import { avroCanonical } from "./avro-canonical.ts";
import type { AvroType } from "./avro-type.ts";
import type { JsonSchemaDocument } from "./json-schema-type.ts";
import { parseAvro } from "./parse-avro.ts";
import { parseJsonSchema } from "./parse-json-schema.ts";

/** The schema languages that we parse. */
export type SchemaType = "AVRO" | "JSON";

/** A schema with the texts of everything it refers to. */
export interface SchemaSource {
  readonly schemaType: SchemaType;
  /** The schema as written. */
  readonly schema: string;
  /** What it refers to by name, each with its own references. */
  readonly references: readonly SchemaReferenceSource[];
}

export interface SchemaReferenceSource extends SchemaSource {
  /** What the referring schema calls it: a type's full name, or a `$ref`. */
  readonly name: string;
}

/** A schema that has been read and found well formed. */
export type ParsedSchema = (
  | { readonly schemaType: "AVRO"; readonly type: AvroType }
  | { readonly schemaType: "JSON"; readonly document: JsonSchemaDocument }
) & {
  /** The text without white space, keys sorted: equal for schemas that differ in looks alone. */
  readonly text: string;
  /** Equal for schemas that read and write the same; see `avroCanonical`. */
  readonly canonical: string;
};

/** Reads a schema. Throws `SCHEMA_INVALID` that names the part which can't be read. */
export function parseSchema(source: SchemaSource): ParsedSchema {
  const json = parseJson(source.schema, source.schemaType);
  const text = canonicalJson(json);
  if (source.schemaType === "JSON") {
    // A `$ref` means what it leads to, which may be another version.
    const canonical = source.references.length === 0 ? text : canonicalJson(withTexts(source));
    return { schemaType: "JSON", document: jsonDocument(source, json), text, canonical };
  }
  const type = parseAvro(json, avroReferences(source));
  return { schemaType: "AVRO", type, text, canonical: avroCanonical(type) };
}

/** The JSON of all Avro schemas that one refers to, each after those that it uses itself. */
function avroReferences(source: SchemaSource): readonly unknown[] {
  const ordered = new Map<string, unknown>();
  const visit = (from: SchemaSource): void => {
    for (const reference of from.references) {
      if (ordered.has(reference.schema)) continue;
      visit(reference);
      ordered.set(reference.schema, parseJson(reference.schema, "AVRO"));
    }
  };
  visit(source);
  return [...ordered.values()];
}

function withTexts({ schema, references }: SchemaSource): unknown {
  return [schema, references.map((each) => [each.name, withTexts(each)])];
}

function jsonDocument(source: SchemaSource, json: unknown): JsonSchemaDocument {
  const references = new Map<string, JsonSchemaDocument>();
  for (const reference of source.references) {
    const document = jsonDocument(reference, parseJson(reference.schema, "JSON"));
    references.set(reference.name, document);
    const id = typeof document.root === "object" ? document.root["$id"] : undefined;
    if (typeof id === "string") references.set(id, document);
  }
  return parseJsonSchema(json, references);
}

/** The JSON of a schema's text; a bare name such as `string` is an Avro schema too. */
function parseJson(text: string, schemaType: SchemaType): unknown {
  if (text.length > LIMITS.schemaBytesMax) {
    throw invalid(`it is longer than ${LIMITS.schemaBytesMax} bytes`);
  }
  if (nesting(text) > 4 * LIMITS.schemaDepthMax) throw invalid("it nests too deep");
  if (schemaType === "AVRO" && /^\s*[a-z]+\s*$/.test(text)) return text.trim();
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw invalid(`it isn't JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** The deepest nesting of brackets outside of strings. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++depth);
    else if (token === "]" || token === "}") depth--;
  }
  return deepest;
}

function invalid(what: string): MillraceError {
  return new MillraceError("SCHEMA_INVALID", `The schema can't be read: ${what}`, {
    hint: "Send the schema as one JSON text.",
  });
}
