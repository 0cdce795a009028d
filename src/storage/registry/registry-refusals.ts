import { MillraceError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Incompatibility } from "../../language/schema/compatibility/incompatibility.ts";
import type { SchemaReference } from "./registry.ts";

/** `SCHEMA_INCOMPATIBLE` by the first of what was found, or nothing where nothing was. */
export function refuseIncompatible(subject: string, found: readonly Incompatibility[]): void {
  const [first] = found;
  if (first === undefined) return;
  const others = found.length === 1 ? "" : ` (and ${found.length - 1} more)`;
  throw new MillraceError(
    "SCHEMA_INCOMPATIBLE",
    `Subject ${JSON.stringify(subject)}: ${first.message}${others}`,
    { ...(first.path === "" ? {} : { field: first.path }), hint: first.hint },
  );
}

/** A change of a subject in READONLY mode. */
export function readOnly(subject: string): MillraceError {
  return new MillraceError("FORBIDDEN", `Subject ${JSON.stringify(subject)} is in READONLY mode`, {
    hint: "Set its mode to READWRITE (PUT /mode) first.",
  });
}

/** A schema that refers to too many others. */
export function tooManyReferences(): MillraceError {
  return new MillraceError(
    "SCHEMA_INVALID",
    `The schema refers to more than ${LIMITS.schemaReferencesMax} others`,
    { hint: "Put the types that belong together into one schema." },
  );
}

/** A schema that refers to one that isn't there. */
export function unknownReference({ name, subject, version }: SchemaReference): MillraceError {
  return new MillraceError(
    "SCHEMA_INVALID",
    `The schema refers to version ${version} of subject ${JSON.stringify(subject)}, which isn't registered`,
    { field: name, hint: "Register the schema that is referred to first." },
  );
}
