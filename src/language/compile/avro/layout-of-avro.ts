import { MillraceError } from "../../../core/errors.ts";
import type { ValueType } from "../../schema/field-type.ts";
import { layoutOf, type Layout } from "../../schema/layout.ts";
import type { Leaf } from "../../schema/leaf.ts";

interface AvroField {
  readonly name: string;
  readonly type: unknown;
}

/**
 * The layout of rows that were written with this schema, which `topicAvro` made of an earlier
 * definition. Throws `SCHEMA_INVALID` for a schema that isn't such a one.
 */
export function layoutOfAvro(schema: string): Layout {
  const { fields = [] } = JSON.parse(schema) as { readonly fields?: readonly AvroField[] };
  const head = fields.findIndex(({ name }) => name === "received_at");
  const tail = fields.findIndex(({ name }) => name === "_time_original");
  if (head === -1 || tail < head) {
    throw new MillraceError("SCHEMA_INVALID", "the schema isn't that of a topic", {
      hint: "something else than Millrace has registered under this topic's subject",
    });
  }
  const leaves = fields.slice(0, head).flatMap((field) => leavesOf(field, ""));
  const computed = fields.slice(head + 2, tail).flatMap((field) => leavesOf(field, ""));
  return layoutOf(
    leaves,
    computed.map(({ path, type, nullable }) => ({
      name: path,
      role: "derived",
      valueType: type as ValueType,
      nullable,
    })),
  );
}

function leavesOf({ name, type }: AvroField, prefix: string): Leaf[] {
  const path = prefix === "" ? name : `${prefix}.${name}`;
  const below = recordFields(type);
  if (below !== undefined) return below.flatMap((field) => leavesOf(field, path));
  const nullable = Array.isArray(type);
  const plain: unknown = nullable ? (type as readonly unknown[])[1] : type;
  return [{ path, type: valueTypeOf(plain), nullable, subject: false, personal: false, clean: [] }];
}

const recordFields = (type: unknown): readonly AvroField[] | undefined =>
  typeof type === "object" && type !== null && "fields" in type
    ? (type.fields as readonly AvroField[])
    : undefined;

function valueTypeOf(type: unknown): ValueType {
  const {
    type: base,
    logicalType,
    precision,
    scale,
  } = (typeof type === "object" && type !== null ? type : { type }) as {
    readonly type?: unknown;
    readonly logicalType?: string;
    readonly precision?: number;
    readonly scale?: number;
  };
  if (logicalType === "timestamp-millis") return { kind: "timestamp" };
  if (logicalType === "decimal" && precision !== undefined) {
    return { kind: "decimal", precision, scale: scale ?? 0 };
  }
  const kinds = { long: "integer", double: "float", boolean: "boolean", string: "string" } as const;
  if (typeof base === "string" && base in kinds) return { kind: kinds[base as keyof typeof kinds] };
  throw new MillraceError("SCHEMA_INVALID", `no field of a topic has the type ${String(base)}`);
}
