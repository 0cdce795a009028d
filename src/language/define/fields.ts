import type { FieldNode, OneOfType, ValueType } from "../schema/field-type.ts";
import { valueType } from "../schema/field-type.ts";
import type { Condition, NumberValue, TextValue, TimeValue } from "./expression.ts";
import { valueOf } from "./expression.ts";
import type { DefinedType, Field, FieldMap, RecordOf } from "./field.ts";

/** The value that a leaf's type gives inside expressions. */
export type LeafValue<Type extends DefinedType> =
  Type extends OneOfType<infer Text>
    ? TextValue<Text>
    : Type extends { kind: "integer" | "decimal" | "float" }
      ? NumberValue<Type["kind"]>
      : Type extends { kind: "boolean" }
        ? Condition
        : Type extends { kind: "timestamp" }
          ? TimeValue
          : TextValue;

/** The tree of values that a tree of declared fields gives. */
export type FieldValues<Fields extends FieldMap> = {
  readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Type>
    ? Type extends RecordOf<infer Members>
      ? FieldValues<Members>
      : LeafValue<Type>
    : never;
};

/** Builds the tree of values of a source's fields. */
export function fieldValues<Fields extends FieldMap>(
  source: string,
  fields: readonly FieldNode[],
  prefix = "",
  optionalAbove = false,
): FieldValues<Fields> {
  const entries = fields.map((field) => {
    const path = prefix + field.name;
    const nullable = optionalAbove || field.optional;
    if (field.type.kind === "record") {
      return [field.name, fieldValues(source, field.type.fields, `${path}.`, nullable)] as const;
    }
    const type = valueType(field.type);
    return [field.name, valueOf({ kind: "field", source, path, type, nullable })] as const;
  });
  return Object.freeze(Object.fromEntries(entries)) as FieldValues<Fields>;
}

/** A value of one computed column of a source. */
export const columnValue = (
  source: string,
  path: string,
  type: ValueType,
  nullable: boolean,
): unknown => valueOf({ kind: "field", source, path, type, nullable });
