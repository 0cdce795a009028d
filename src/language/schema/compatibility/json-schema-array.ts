import type { Mismatch } from "./incompatibility.ts";
import { under } from "./incompatibility.ts";
import type { CompareSchemas } from "./json-schema-containment.ts";
import type { JsonObjectPlace, JsonSchema, JsonSchemaObject } from "./json-schema-type.ts";
import { subschema, subschemaList } from "./json-schema-type.ts";

/** Items of a list by position, and those after the last position. */
interface Items {
  readonly first: readonly JsonSchema[];
  readonly rest: JsonSchema;
}

/** How `reader` refuses items of arrays that `writer` lets pass. */
export function compareArrays(
  reader: JsonObjectPlace,
  writer: JsonObjectPlace,
  compare: CompareSchemas,
): Mismatch[] {
  const read = itemsOf(reader.schema);
  const wrote = itemsOf(writer.schema);
  const found: Mismatch[] = [];
  const positions = Math.max(read.first.length, wrote.first.length);
  for (let index = 0; index < positions; index++) {
    const taken = { ...reader, schema: read.first[index] ?? read.rest };
    const written = { ...writer, schema: wrote.first[index] ?? wrote.rest };
    found.push(...under(`[${index}]`, compare(taken, written)));
  }
  const rest = compare({ ...reader, schema: read.rest }, { ...writer, schema: wrote.rest });
  found.push(...under("[]", rest));
  return found;
}

/** Positions are `prefixItems` in 2020-12, and an array under `items` before. */
function itemsOf(schema: JsonSchemaObject): Items {
  const prefix = subschemaList(schema, "prefixItems");
  if (prefix !== undefined) return { first: prefix, rest: subschema(schema, "items") ?? true };
  const tuple = subschemaList(schema, "items");
  if (tuple !== undefined) {
    return { first: tuple, rest: subschema(schema, "additionalItems") ?? true };
  }
  return { first: [], rest: subschema(schema, "items") ?? true };
}
