import { canonicalJson } from "../../../core/canonical-json.ts";
import type { JsonSchema, JsonSchemaObject } from "./json-schema-type.ts";
import { subschemas } from "./json-schema-type.ts";
import { ANNOTATIONS } from "./parse-json-schema.ts";

/**
 * Schemas that must all hold, as one schema; undefined where keywords of two of them would have
 * to be combined in a way that one schema can't say.
 */
export function mergeSchemas(schemas: readonly JsonSchema[]): JsonSchema | undefined {
  if (schemas.includes(false)) return false;
  const parts = schemas.filter((schema) => typeof schema === "object");
  const objects = parts.filter((part) => "properties" in part || "patternProperties" in part);
  // `additionalProperties` speaks of the properties of its own schema only.
  if (objects.length > 1 && parts.some((part) => "additionalProperties" in part)) return undefined;
  const result: Record<string, unknown> = {};
  for (const part of parts) {
    for (const [keyword, value] of Object.entries(part)) {
      if (ANNOTATIONS.has(keyword)) continue;
      const merged = mergeKeyword(keyword, result[keyword], value);
      if (merged === undefined) return undefined;
      result[keyword] = merged;
    }
  }
  return result;
}

function mergeKeyword(keyword: string, before: unknown, value: unknown): unknown {
  if (before === undefined || canonicalJson(before) === canonicalJson(value)) return value;
  if (keyword === "required") {
    return [...new Set([...(before as readonly string[]), ...(value as readonly string[])])];
  }
  if (keyword !== "properties") return undefined;
  const left = subschemas({ properties: before }, "properties");
  const right = subschemas({ properties: value }, "properties");
  const clash = Object.keys(right).some(
    (name) => Object.hasOwn(left, name) && canonicalJson(left[name]) !== canonicalJson(right[name]),
  );
  return clash ? undefined : ({ ...left, ...right } satisfies JsonSchemaObject);
}
