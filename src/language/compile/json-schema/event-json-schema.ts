import type { EventNode, TableNode } from "../../plan/nodes.ts";
import type { FieldNode, FieldType } from "../../schema/field-type.ts";

/** A JSON Schema (draft-07) as JSON. */
export type JsonSchema = { readonly [key: string]: unknown };

/** The JSON Schema of what a client may send for an event or a table. */
export function eventJsonSchema(node: EventNode | TableNode): JsonSchema {
  const closed = node.kind === "event" && node.undeclared === "refuse";
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: node.name,
    ...objectSchema(node.fields, closed),
  };
}

function objectSchema(fields: readonly FieldNode[], closed: boolean): JsonSchema {
  const isRequired = (field: FieldNode): boolean =>
    !field.optional && !(field.clean ?? []).some((step) => step.kind === "default");
  return {
    type: "object",
    properties: Object.fromEntries(
      fields.map((field) => [field.name, fieldSchema(field.type, field.optional, closed)]),
    ),
    required: fields.filter(isRequired).map((field) => field.name),
    additionalProperties: !closed,
  };
}

function fieldSchema(type: FieldType, optional: boolean, closed: boolean): JsonSchema {
  const schema = typeSchema(type, closed);
  return optional ? { anyOf: [schema, { type: "null" }] } : schema;
}

function typeSchema(type: FieldType, closed: boolean): JsonSchema {
  switch (type.kind) {
    case "string":
      return { type: "string" };
    case "id":
      return { type: "string", minLength: 1, maxLength: 128 };
    case "oneOf":
      return { type: "string", enum: type.values };
    case "integer":
      return { type: "integer" };
    case "float":
      return { type: "number" };
    case "boolean":
      return { type: "boolean" };
    case "timestamp":
      return { type: "string", format: "date-time" };
    case "decimal": {
      const whole = type.precision - type.scale;
      const fraction = type.scale === 0 ? "" : `(\\.\\d{1,${type.scale}})?`;
      return {
        anyOf: [
          { type: "number" },
          { type: "string", pattern: `^-?\\d{1,${Math.max(whole, 1)}}${fraction}$` },
        ],
      };
    }
    case "record":
      return objectSchema(type.fields, closed);
  }
}
