import type { Mismatch } from "./incompatibility.ts";
import { under } from "./incompatibility.ts";
import type { CompareSchemas } from "./json-schema-containment.ts";
import type { JsonObjectPlace, JsonSchema, JsonSchemaObject } from "./json-schema-type.ts";
import { subschema, subschemas } from "./json-schema-type.ts";

/**
 * How `reader` refuses objects that `writer` lets pass. A property that a schema doesn't declare
 * falls to its `patternProperties`, then to its `additionalProperties`, and to anything where that
 * is absent too. So a property can't be added to an open schema (old data may hold anything under
 * that name), nor taken away from a closed one.
 */
export function compareObjects(
  reader: JsonObjectPlace,
  writer: JsonObjectPlace,
  compare: CompareSchemas,
): Mismatch[] {
  const found: Mismatch[] = [];
  const names = new Set([
    ...Object.keys(subschemas(reader.schema, "properties")),
    ...Object.keys(subschemas(writer.schema, "properties")),
  ]);
  for (const name of names) found.push(...compareProperty(name, reader, writer, compare));
  found.push(...compareRequired(reader.schema, writer.schema));
  found.push(...compareRest(reader, writer, compare));
  return found;
}

function compareProperty(
  name: string,
  reader: JsonObjectPlace,
  writer: JsonObjectPlace,
  compare: CompareSchemas,
): Mismatch[] {
  // All of a side's schemas hold, so taking one of the writer's is taking the property.
  const wrote = propertySchemas(writer.schema, name);
  if (wrote.includes(false)) return [];
  const found = propertySchemas(reader.schema, name).flatMap((schema) => {
    const tries = wrote.map((each) => compare({ ...reader, schema }, { ...writer, schema: each }));
    return tries.find((result) => result.length === 0) ?? tries[0] ?? [];
  });
  const declared = Object.hasOwn(subschemas(writer.schema, "properties"), name);
  const known = Object.hasOwn(subschemas(reader.schema, "properties"), name);
  if (found.length === 0 || (declared && known)) return under(name, found);
  return [
    {
      kind: "PROPERTY_REFUSED",
      path: [name],
      reader: known ? "a declared type" : "no such property and refuses others",
      writer: declared ? "this property" : "any value under this name (an open schema)",
    },
  ];
}

/** The schemas that a property must pass, by its name. */
function propertySchemas(schema: JsonSchemaObject, name: string): readonly JsonSchema[] {
  const found: JsonSchema[] = [];
  const properties = subschemas(schema, "properties");
  const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (own !== undefined) found.push(own);
  for (const [pattern, value] of Object.entries(subschemas(schema, "patternProperties"))) {
    if (matches(pattern, name)) found.push(value);
  }
  return found.length > 0 ? found : [subschema(schema, "additionalProperties") ?? true];
}

function compareRequired(reader: JsonSchemaObject, writer: JsonSchemaObject): Mismatch[] {
  const written = new Set((writer["required"] as readonly string[] | undefined) ?? []);
  const needed = (reader["required"] as readonly string[] | undefined) ?? [];
  const properties = subschemas(reader, "properties");
  return needed
    .filter((name) => !written.has(name) && !hasDefault(properties, name))
    .map((name) => ({
      kind: "REQUIRED_ADDED",
      path: [name],
      reader: "a required property without a default",
      writer: "it optional",
    }));
}

function hasDefault(properties: Readonly<Record<string, JsonSchema>>, name: string): boolean {
  const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
  return typeof schema === "object" && schema["default"] !== undefined;
}

/** Properties that neither declares: by pattern, or by `additionalProperties`. */
function compareRest(
  reader: JsonObjectPlace,
  writer: JsonObjectPlace,
  compare: CompareSchemas,
): Mismatch[] {
  const readRest = { ...reader, schema: subschema(reader.schema, "additionalProperties") ?? true };
  const wroteRest = { ...writer, schema: subschema(writer.schema, "additionalProperties") ?? true };
  const readPatterns = subschemas(reader.schema, "patternProperties");
  const wrotePatterns = subschemas(writer.schema, "patternProperties");
  const found = [...under("{}", compare(readRest, wroteRest))];
  for (const [pattern, schema] of Object.entries(wrotePatterns)) {
    const taken = { ...reader, schema: readPatterns[pattern] ?? readRest.schema };
    found.push(...under(`/${pattern}/`, compare(taken, { ...writer, schema })));
  }
  for (const [pattern, schema] of Object.entries(readPatterns)) {
    if (Object.hasOwn(wrotePatterns, pattern)) continue;
    found.push(...under(`/${pattern}/`, compare({ ...reader, schema }, wroteRest)));
  }
  return found;
}

/** Whether a name matches; a pattern that we can't read matches, which compares more, not less. */
function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, "u").test(name);
  } catch {
    return true;
  }
}
