import type { Topic } from "../../plan/topic.ts";
import type { LeafType, ValueType } from "../../schema/field-type.ts";

/** A schema of Avro as JSON. */
export type AvroSchema =
  | string
  | readonly AvroSchema[]
  | { readonly type: string; readonly [key: string]: unknown };

interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly default?: null;
  readonly doc?: string;
}

/**
 * The Avro schema of a topic's records, by the mapping that every engine reads alike: decimals are
 * `bytes`, times `timestamp-millis`, enumerations `string`, nullable leaves a union with null
 * that defaults to null, and records always required.
 */
export function topicAvro(topic: Topic, namespace: string): AvroSchema {
  const name = avroName(topic.name);
  const root = new Map<string, unknown>();
  for (const leaf of topic.leaves)
    place(root, leaf.path.split("."), avroLeaf(leaf.type, leaf.nullable));
  for (const column of topic.layout.columns) {
    if (column.role === "declared" || POSITION.has(column.name)) continue;
    root.set(column.name, avroLeaf(column.valueType, column.nullable));
  }
  return record(name, root, namespace);
}

/** Where a record lies is the log's to say, not the record's. */
const POSITION = new Set(["_offset", "_partition"]);

/** A name as Avro allows it: letters, digits and underscores. */
export const avroName = (name: string): string => name.replaceAll(/[^A-Za-z0-9_]/g, "_");

function place(tree: Map<string, unknown>, path: readonly string[], leaf: AvroSchema): void {
  const [head, ...rest] = path;
  if (rest.length === 0) {
    tree.set(head!, leaf);
    return;
  }
  const below = tree.get(head!) ?? new Map<string, unknown>();
  tree.set(head!, below);
  place(below as Map<string, unknown>, rest, leaf);
}

function record(name: string, tree: ReadonlyMap<string, unknown>, namespace?: string): AvroSchema {
  const fields = [...tree].map(([field, type]): AvroField => {
    if (type instanceof Map) return { name: field, type: record(`${name}_${field}`, type) };
    const nullable = Array.isArray(type);
    return { name: field, type: type as AvroSchema, ...(nullable ? { default: null } : {}) };
  });
  return { type: "record", name, ...(namespace === undefined ? {} : { namespace }), fields };
}

/** The Avro type of a leaf. */
export function avroLeaf(type: LeafType | ValueType, nullable: boolean): AvroSchema {
  const plain = plainType(type);
  return nullable ? ["null", plain] : plain;
}

function plainType(type: LeafType | ValueType): AvroSchema {
  switch (type.kind) {
    case "integer":
      return "long";
    case "float":
      return "double";
    case "boolean":
      return "boolean";
    case "timestamp":
      return { type: "long", logicalType: "timestamp-millis" };
    case "decimal":
      return {
        type: "bytes",
        logicalType: "decimal",
        precision: type.precision,
        scale: type.scale,
      };
    default:
      return "string";
  }
}
