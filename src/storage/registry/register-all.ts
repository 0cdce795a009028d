import { MillraceError } from "../../core/errors.ts";
import type { CompatibilityLevel } from "../../language/schema/compatibility/compatibility-level.ts";
import type { SchemaType } from "../../language/schema/compatibility/schema-source.ts";
import type { RegisteredSchema, Registry } from "./registry.ts";

/** A schema that a definition wants registered. */
export interface WantedSchema {
  /** `<event>-value` for the records of an event. */
  readonly subject: string;
  readonly schemaType: SchemaType;
  readonly schema: string;
  readonly compatibility: CompatibilityLevel;
}

/**
 * Registers the schemas of a definition at start, one of each subject, and gives them in the same
 * order. All are checked before the first is registered, so a start that is refused changes no
 * schema. (Levels are set first: the check goes by them.)
 *
 * Throws `SCHEMA_INCOMPATIBLE` naming the event, the field and what to do, and `SCHEMA_INVALID`.
 */
export async function registerAll(
  registry: Registry,
  wanted: readonly WantedSchema[],
): Promise<readonly RegisteredSchema[]> {
  for (const { subject, compatibility } of wanted) {
    const { level } = await registry.settings(subject);
    if (level !== compatibility) await registry.configure(subject, { level: compatibility });
  }
  for (const schema of wanted) await refuseIncompatible(registry, schema);
  const registered: RegisteredSchema[] = [];
  for (const { subject, schemaType, schema } of wanted) {
    registered.push(await registry.register(subject, { schemaType, schema }, { normalize: true }));
  }
  return registered;
}

/**
 * Throws as `registerAll` does where a schema breaks what its subject has, and changes nothing.
 * Levels are those that are set now.
 */
export async function checkAll(registry: Registry, wanted: readonly WantedSchema[]): Promise<void> {
  const known = new Set(await registry.subjects("exclude"));
  for (const schema of wanted) {
    if (known.has(schema.subject)) await refuseIncompatible(registry, schema);
  }
}

async function refuseIncompatible(registry: Registry, wanted: WantedSchema): Promise<void> {
  const { subject, schemaType, schema } = wanted;
  const text = { schemaType, schema };
  // A version that is there stays usable, whatever came after it.
  if ((await registry.lookup(subject, text, { normalize: true })) !== undefined) return;
  const [first, ...others] = await registry.check(subject, "all", text);
  if (first === undefined) return;
  const event = JSON.stringify(subject.replace(/-(value|key)$/, ""));
  const more = others.length === 0 ? "" : ` There are ${others.length} more such changes.`;
  throw new MillraceError(
    "SCHEMA_INCOMPATIBLE",
    `The schema of event ${event} breaks ${wanted.compatibility}: ${first.message}.${more}`,
    { ...(first.path === "" ? {} : { field: first.path }), hint: first.hint },
  );
}
