import { canonicalJson } from "../../../core/canonical-json.ts";
import type { AvroField, AvroLogical, AvroType } from "./avro-type.ts";

/**
 * An Avro schema as one text: equal texts mean that data written by one schema is read by the
 * other to the same values.
 *
 * Avro's Parsing Canonical Form (full names, no doc, no custom properties) also drops defaults,
 * aliases and logical types. We keep these: a registry that took two schemas for one would hide
 * exactly the changes that a reader depends on. Types of other schemas stay names.
 */
export function avroCanonical(type: AvroType): string {
  return canonicalJson(plain(type, new Set()));
}

function plain(type: AvroType, seen: Set<string>): unknown {
  switch (type.kind) {
    case "union":
      return type.branches.map((branch) => plain(branch, seen));
    case "array":
      return { type: "array", items: plain(type.items, seen) };
    case "map":
      return { type: "map", values: plain(type.values, seen) };
    case "record":
    case "enum":
    case "fixed":
      break;
    default:
      return type.logical === undefined
        ? type.kind
        : { type: type.kind, ...logicalAttributes(type.logical) };
  }
  if (seen.has(type.name)) return type.name;
  seen.add(type.name);
  const head = { type: type.kind, name: type.name, ...aliasAttributes(type.aliases) };
  switch (type.kind) {
    case "record":
      return { ...head, fields: type.fields.map((field) => plainField(field, seen)) };
    case "enum":
      return { ...head, symbols: type.symbols, default: type.default };
    case "fixed":
      return { ...head, size: type.size, ...logicalAttributes(type.logical) };
  }
}

function plainField(field: AvroField, seen: Set<string>): unknown {
  return {
    name: field.name,
    type: plain(field.type, seen),
    ...aliasAttributes(field.aliases),
    ...(field.default === undefined ? {} : { default: field.default.value }),
  };
}

function aliasAttributes(aliases: readonly string[]): object {
  return aliases.length === 0 ? {} : { aliases: aliases.toSorted() };
}

function logicalAttributes(logical: AvroLogical | undefined): object {
  if (logical === undefined) return {};
  return { logicalType: logical.name, precision: logical.precision, scale: logical.scale };
}
