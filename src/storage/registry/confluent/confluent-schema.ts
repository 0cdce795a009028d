import {
  isCompatibilityLevel,
  type CompatibilityLevel,
} from "../../../language/schema/compatibility/compatibility-level.ts";
import type { SchemaType } from "../../../language/schema/compatibility/schema-source.ts";
import type { RegistryMode, SchemaReference, SchemaText } from "../registry.ts";

type Body = Readonly<Record<string, unknown>>;

/** A schema in an answer. Servers leave out the type of Avro, and what is empty. */
export function readSchema(value: unknown): SchemaText & { readonly guid?: string } {
  const { schemaType = "AVRO", schema, references, metadata, ruleSet, guid } = value as Body;
  return {
    schemaType: schemaType as SchemaType,
    schema: String(schema),
    ...(Array.isArray(references) && references.length > 0
      ? { references: (references as SchemaReference[]).map(readReference) }
      : {}),
    ...(isPresent(metadata) ? { metadata: JSON.stringify(metadata) } : {}),
    ...(isPresent(ruleSet) ? { ruleSet: JSON.stringify(ruleSet) } : {}),
    ...(typeof guid === "string" ? { guid } : {}),
  };
}

/** The level in the answer to `GET /config`; undefined where there is none, or an unknown one. */
export function readLevel(value: unknown): CompatibilityLevel | undefined {
  const { compatibilityLevel: level } = (value ?? {}) as Body;
  return isCompatibilityLevel(level) ? level : undefined;
}

/** The mode in the answer to `GET /mode`. Of other modes counts whether one may write. */
export function readMode(value: unknown): RegistryMode | undefined {
  const { mode } = (value ?? {}) as Body;
  if (typeof mode !== "string") return undefined;
  return mode.startsWith("READONLY") ? "READONLY" : "READWRITE";
}

const readReference = ({ name, subject, version }: SchemaReference): SchemaReference => ({
  name,
  subject,
  version,
});

const isPresent = (value: unknown): boolean => value !== undefined && value !== null;
