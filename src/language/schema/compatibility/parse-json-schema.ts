import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import type {
  JsonSchema,
  JsonSchemaDocument,
  JsonSchemaObject,
  JsonSchemaPlace,
} from "./json-schema-type.ts";
import { JSON_TYPES } from "./json-schema-type.ts";

const ONE = [
  "not",
  "additionalProperties",
  "additionalItems",
  "contains",
  "propertyNames",
  "if",
].concat(["then", "else", "unevaluatedItems", "unevaluatedProperties"]);
const MANY = ["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED = ["properties", "patternProperties", "definitions", "$defs", "dependentSchemas"];
const COUNTS = ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"];
const NUMBERS = ["minimum", "maximum", "multipleOf"];

/**
 * A JSON value as a JSON Schema (Draft-07 to 2020-12). Checks the shape of the keywords that we
 * compare, and that each `$ref` leads somewhere. Throws `SCHEMA_INVALID` naming the place.
 */
export function parseJsonSchema(
  root: unknown,
  references: ReadonlyMap<string, JsonSchemaDocument> = new Map(),
): JsonSchemaDocument {
  const document: JsonSchemaDocument = { root: root as JsonSchema, references };
  checkShape(root, [], document, 0);
  return document;
}

/**
 * The schema that a place stands for: `$ref`s followed, as long as nothing but annotations stands
 * beside them. (Other keywords beside a `$ref` count as of 2019-09; in Draft-07, where they are
 * ignored, we let them count too.) A `$ref` that only leads to itself stands for nothing.
 */
export function followReference(place: JsonSchemaPlace): JsonSchemaPlace {
  let here = place;
  for (let hops = 0; hops < LIMITS.schemaReferencesMax; hops++) {
    if (typeof here.schema === "boolean") return here;
    const { $ref: reference, ...beside } = here.schema;
    if (typeof reference !== "string") return here;
    if (Object.keys(beside).some((keyword) => !ANNOTATIONS.has(keyword))) return here;
    const target = findReference(reference, here.document);
    if (target === undefined) return here;
    here = target;
  }
  return { schema: false, document: place.document };
}

/** Keywords that don't change which values pass. */
export const ANNOTATIONS: ReadonlySet<string> = new Set(
  ["title", "description", "default", "examples", "$comment", "$id", "$schema", "$anchor"].concat(
    ["readOnly", "writeOnly", "deprecated", "definitions", "$defs", "contentEncoding"],
    ["contentMediaType", "contentSchema", "id", "$vocabulary"],
  ),
);

function findReference(
  reference: string,
  document: JsonSchemaDocument,
): JsonSchemaPlace | undefined {
  const [base = "", fragment = ""] = reference.split("#", 2);
  const target = base === "" ? document : (document.references.get(base) ?? own(base, document));
  if (target === undefined) return undefined;
  let schema: unknown = target.root;
  for (const step of fragment.split("/").slice(1)) {
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof schema !== "object" || schema === null || !Object.hasOwn(schema, key)) {
      return undefined;
    }
    schema = (schema as Record<string, unknown>)[key];
  }
  if (fragment !== "" && !fragment.startsWith("/")) return undefined;
  return isSchema(schema) ? { schema, document: target } : undefined;
}

/** A document may name itself by its `$id`. */
function own(base: string, document: JsonSchemaDocument): JsonSchemaDocument | undefined {
  const { root } = document;
  return typeof root === "object" && root["$id"] === base ? document : undefined;
}

function checkShape(
  schema: unknown,
  path: readonly string[],
  document: JsonSchemaDocument,
  depth: number,
): void {
  if (depth > LIMITS.schemaDepthMax) {
    throw invalid(path, `the schema nests deeper than ${LIMITS.schemaDepthMax} levels`);
  }
  if (!isSchema(schema)) throw invalid(path, "a schema is an object, true or false");
  if (typeof schema === "boolean") return;
  checkKeywords(schema, path, document);
  const visit = (child: unknown, ...steps: string[]): void =>
    checkShape(child, [...path, ...steps], document, depth + 1);
  for (const keyword of ONE) if (keyword in schema) visit(schema[keyword], keyword);
  for (const keyword of MANY) {
    for (const [index, child] of listOf(schema, keyword, path).entries()) {
      visit(child, keyword, String(index));
    }
  }
  const items = schema["items"];
  if (Array.isArray(items)) items.forEach((item, index) => visit(item, "items", String(index)));
  else if (items !== undefined) visit(items, "items");
  for (const keyword of NAMED) {
    const named = schema[keyword];
    if (named === undefined) continue;
    if (!isObject(named)) throw invalid([...path, keyword], "must be an object of schemas");
    for (const [name, child] of Object.entries(named)) visit(child, keyword, name);
  }
}

function checkKeywords(
  schema: JsonSchemaObject,
  path: readonly string[],
  document: JsonSchemaDocument,
): void {
  const type = schema["type"];
  for (const each of type === undefined ? [] : Array.isArray(type) ? (type as unknown[]) : [type]) {
    if (!JSON_TYPES.some((known) => known === each)) {
      throw invalid([...path, "type"], `${JSON.stringify(each)} isn't a JSON Schema type`);
    }
  }
  if (schema["required"] !== undefined && !isStrings(schema["required"])) {
    throw invalid([...path, "required"], "must be an array of property names");
  }
  if (schema["enum"] !== undefined && !Array.isArray(schema["enum"])) {
    throw invalid([...path, "enum"], "must be an array");
  }
  for (const keyword of COUNTS) {
    const value = schema[keyword];
    if (value !== undefined && !(Number.isInteger(value) && Number(value) >= 0)) {
      throw invalid([...path, keyword], "must be a whole number of at least 0");
    }
  }
  for (const keyword of NUMBERS) {
    const value = schema[keyword];
    const positive = keyword !== "multipleOf" || Number(value) > 0;
    if (value !== undefined && (typeof value !== "number" || !positive)) {
      throw invalid([...path, keyword], "must be a number, and multipleOf more than 0");
    }
  }
  const reference = schema["$ref"];
  if (reference === undefined) return;
  if (typeof reference === "string" && findReference(reference, document) !== undefined) return;
  throw invalid(
    [...path, "$ref"],
    `${JSON.stringify(reference)} leads to no schema`,
    "Point it into this schema (#/$defs/…), or add a reference of that name.",
  );
}

function listOf(
  schema: JsonSchemaObject,
  keyword: string,
  path: readonly string[],
): readonly unknown[] {
  const list = schema[keyword];
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw invalid([...path, keyword], "must be an array of schemas");
  return list;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "boolean" || isObject(value);
}

function isObject(value: unknown): value is JsonSchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function invalid(path: readonly string[], what: string, hint?: string): MillraceError {
  const field = path.join("/");
  const place = field === "" ? "" : ` at ${field}`;
  return new MillraceError("SCHEMA_INVALID", `JSON Schema${place}: ${what}`, {
    ...(field === "" ? {} : { field }),
    hint: hint ?? "Correct the schema at this place.",
  });
}
