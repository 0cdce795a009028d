import { LIMITS } from "../../../core/limits.ts";
import { resolveAvro } from "./avro-resolution.ts";
import type { CompatibilityLevel } from "./compatibility-level.ts";
import { COMPATIBILITY_LEVELS } from "./compatibility-level.ts";
import { describeMismatch } from "./describe-mismatch.ts";
import type { Incompatibility, Mismatch } from "./incompatibility.ts";
import { containsJsonSchema } from "./json-schema-containment.ts";
import type { ParsedSchema } from "./schema-source.ts";

/** An earlier version of a subject. */
export interface EarlierVersion {
  readonly version: number;
  readonly schema: ParsedSchema;
}

/**
 * What a new version would break at a level, empty when nothing. `earlier` is in order of version;
 * a level that isn't transitive looks at the last one alone. At most `schemaMismatchesMax` per
 * comparison.
 */
export function checkCompatibility(
  level: CompatibilityLevel,
  schema: ParsedSchema,
  earlier: readonly EarlierVersion[],
): readonly Incompatibility[] {
  const { backward, forward, transitive } = COMPATIBILITY_LEVELS[level];
  return (transitive ? earlier : earlier.slice(-1)).flatMap(({ version, schema: old }) => [
    ...(backward
      ? canRead(schema, old).map((found) => describeMismatch(found, "BACKWARD", version))
      : []),
    ...(forward
      ? canRead(old, schema).map((found) => describeMismatch(found, "FORWARD", version))
      : []),
  ]);
}

/** What keeps `reader` from reading data written with `writer`; empty when it reads all of it. */
export function canRead(reader: ParsedSchema, writer: ParsedSchema): readonly Mismatch[] {
  if (reader.schemaType === writer.schemaType && reader.canonical === writer.canonical) return [];
  return compare(reader, writer).slice(0, LIMITS.schemaMismatchesMax);
}

function compare(reader: ParsedSchema, writer: ParsedSchema): readonly Mismatch[] {
  if (reader.schemaType === "AVRO" && writer.schemaType === "AVRO") {
    return resolveAvro(reader.type, writer.type);
  }
  if (reader.schemaType === "JSON" && writer.schemaType === "JSON") {
    return containsJsonSchema(
      { schema: reader.document.root, document: reader.document },
      { schema: writer.document.root, document: writer.document },
    );
  }
  const { schemaType: read } = reader;
  return [{ kind: "SCHEMA_TYPE_CHANGED", path: [], reader: read, writer: writer.schemaType }];
}
