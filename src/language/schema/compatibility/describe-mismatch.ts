import type { Incompatibility, IncompatibilityKind, Mismatch } from "./incompatibility.ts";
import { pathText } from "./incompatibility.ts";

type Direction = Incompatibility["direction"];

/** What to do about each kind when the new schema can't read old data, and the other way round. */
const HINTS: Readonly<Record<IncompatibilityKind, Readonly<Record<Direction, string>>>> = {
  SCHEMA_TYPE_CHANGED: both("Keep the schema language, or use another subject."),
  TYPE_CHANGED: {
    BACKWARD: "Keep the type or widen it (int to long, T to null | T), or add a new field.",
    FORWARD: "Keep the type; earlier readers know no other. Put the new type in a new field.",
  },
  ENUM_NARROWED: {
    BACKWARD: "Keep the values that were allowed, or give the enumeration a default.",
    FORWARD: "Earlier readers don't know the new values: use a string, or a new field.",
  },
  NAME_CHANGED: both("Keep the name; a reader may list the old one under aliases."),
  FIELD_WITHOUT_DEFAULT: {
    BACKWARD: "Make the field optional, or give it a default.",
    FORWARD: "Keep the field: earlier readers need it.",
  },
  ALIAS_AMBIGUOUS: both("Let one name only, of the field and its aliases, be in the other schema."),
  FIXED_SIZE_CHANGED: both("Keep the size, or add a new field."),
  UNION_BRANCH_MISSING: {
    BACKWARD: "Keep the branch in the union.",
    FORWARD: "Earlier readers don't know the branch: put such values in a new field.",
  },
  LOGICAL_TYPE_CHANGED: both("A field's logical type is frozen: add a new field."),
  DECIMAL_CHANGED: both("A decimal's precision and scale are frozen: add a new field."),
  REQUIRED_ADDED: {
    BACKWARD: "Make the property optional, or give it a default.",
    FORWARD: "Keep the property required: earlier readers need it.",
  },
  PROPERTY_REFUSED: {
    BACKWARD: "Close the schema (additionalProperties: false) before adding; keep what was there.",
    FORWARD: "Earlier readers refuse the property: open their schema first, in a version between.",
  },
  BOUND_TIGHTENED: {
    BACKWARD: "Keep the bound or loosen it.",
    FORWARD: "Keep the bound: earlier readers hold to it.",
  },
  COMBINATOR_NARROWED: {
    BACKWARD: "Keep every branch that was there, and widen it at most.",
    FORWARD: "Earlier readers have no branch for it: put such values in a new property.",
  },
  CONSTRUCT_NOT_COMPARED: both(
    "This keyword isn't compared: leave it as it was, or set the level NONE for this change.",
  ),
};

/** A mismatch as an incompatibility of a new schema with an earlier version. */
export function describeMismatch(
  mismatch: Mismatch,
  direction: Direction,
  version: number,
): Incompatibility {
  const { kind, path, reader, writer } = mismatch;
  const where = path.length === 0 ? "the schema itself" : `field ${JSON.stringify(pathText(path))}`;
  const [now, before] = direction === "BACKWARD" ? [reader, writer] : [writer, reader];
  const who =
    direction === "BACKWARD"
      ? `the new schema can't read data of version ${version}`
      : `version ${version} can't read data of the new schema`;
  return {
    kind,
    path: pathText(path),
    direction,
    version,
    message: `${where}: version ${version} has ${before}, the new schema has ${now}; so ${who}`,
    hint: HINTS[kind][direction],
  };
}

function both(hint: string): Readonly<Record<Direction, string>> {
  return { BACKWARD: hint, FORWARD: hint };
}
