import { createHash } from "node:crypto";
import { canonicalJson } from "../../core/canonical-json.ts";
import type { ParsedSchema } from "../../language/schema/compatibility/schema-source.ts";
import type { SchemaText } from "./registry.ts";

/** What a schema's two fingerprints say, as hexadecimal SHA-256. */
export interface SchemaFingerprints {
  readonly guid: string;
  readonly identity: string;
  readonly canonical: string;
}

/** Fingerprints of everything that makes a schema itself; the GUID is part of `identity`. */
export function schemaFingerprints(
  schema: SchemaText,
  parsed: Pick<ParsedSchema, "text" | "canonical">,
): SchemaFingerprints {
  const beside = [
    schema.schemaType,
    (schema.references ?? []).map(({ name, subject, version }) => ({ name, subject, version })),
    schema.metadata ?? null,
    schema.ruleSet ?? null,
  ];
  const identity = sha256(canonicalJson([parsed.text, ...beside]));
  return {
    identity,
    canonical: sha256(canonicalJson([parsed.canonical, ...beside])),
    guid: uuid(identity),
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The first 128 bits as a UUID of version 8 (RFC 9562: contents chosen by the maker). */
function uuid(hex: string): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
