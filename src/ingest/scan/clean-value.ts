import { parseDecimal } from "../../core/decimal.ts";
import type { CleanStep, LeafType } from "../../language/schema/field-type.ts";

/** A JSON value apart from its place. */
export type Plain =
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" }
  | { readonly kind: "array" | "object" };

const string = (text: string): Plain => ({ kind: "string", text });

/** What one clean step makes of a value; the same object when it changes nothing. */
export function cleanValue(step: CleanStep, plain: Plain, type: LeafType): Plain {
  switch (step.kind) {
    case "default":
      return plain.kind === "null" ? literalOf(step.value) : plain;
    case "coerce":
      return coerce(plain, type);
    default: {
      if (plain.kind !== "string") return plain;
      const text = cleanText(step.kind, plain.text);
      return text === plain.text ? plain : string(text);
    }
  }
}

function cleanText(kind: "trim" | "lowercase" | "uppercase" | "nfc", text: string): string {
  switch (kind) {
    case "trim":
      return text.trim();
    case "lowercase":
      return text.toLowerCase();
    case "uppercase":
      return text.toUpperCase();
    case "nfc":
      return text.normalize("NFC");
  }
}

const literalOf = (value: string | number | boolean): Plain =>
  typeof value === "boolean"
    ? { kind: "boolean", value }
    : typeof value === "number"
      ? { kind: "number", text: String(value) }
      : string(value);

function coerce(plain: Plain, type: LeafType): Plain {
  switch (type.kind) {
    case "string":
    case "id":
    case "oneOf":
      if (plain.kind === "number") return string(plain.text);
      return plain.kind === "boolean" ? string(String(plain.value)) : plain;
    case "integer":
    case "float":
    case "decimal": {
      if (plain.kind !== "string") return plain;
      const text = plain.text.trim();
      // The text of an amount is what a decimal may be written as anyway.
      if (type.kind === "decimal" && text === plain.text) return plain;
      return /^-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,4})?$/.test(text) &&
        (type.kind === "float" || parseDecimal(text, 40) !== undefined)
        ? { kind: "number", text }
        : plain;
    }
    case "boolean":
      if (plain.kind !== "string" || !/^(true|false)$/i.test(plain.text)) return plain;
      return { kind: "boolean", value: plain.text.toLowerCase() === "true" };
    case "timestamp":
      return plain.kind === "string" && /^\d{1,16}$/.test(plain.text)
        ? { kind: "number", text: plain.text }
        : plain;
  }
}
