import type { CleanStep, FieldNode, LeafType } from "./field-type.ts";

/** One leaf of an event's tree of fields, at its dotted path. */
export interface Leaf {
  /** Such as `properties.location.country`. */
  readonly path: string;
  readonly type: LeafType;
  /** Whether it may be null: it is optional itself, or a record above it is. */
  readonly nullable: boolean;
  readonly subject: boolean;
  readonly personal: boolean;
  readonly clean: readonly CleanStep[];
}

/** The leaves of declared fields, in declaration order, depth first. */
export function leavesOf(
  fields: readonly FieldNode[],
  prefix = "",
  optionalAbove = false,
): readonly Leaf[] {
  return fields.flatMap((field): readonly Leaf[] => {
    const path = prefix + field.name;
    const nullable = optionalAbove || field.optional;
    if (field.type.kind === "record") return leavesOf(field.type.fields, `${path}.`, nullable);
    return [
      {
        path,
        type: field.type,
        nullable,
        subject: field.subject === true,
        personal: field.personal === true,
        clean: field.clean ?? [],
      },
    ];
  });
}
