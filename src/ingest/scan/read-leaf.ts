import { fitsPrecision, parseDecimal } from "../../core/decimal.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Leaf } from "../../language/schema/leaf.ts";
import type { LeafType } from "../../language/schema/field-type.ts";
import type { Plain } from "./clean-value.ts";
import { lacksOffset, parseTime } from "./parse-time.ts";
import type { Problem } from "./problem.ts";
import { TIME_BOUNDS } from "./time-rules.ts";

/** A leaf's value as rows have it: decimals unscaled, times in ms. */
export type LeafValue = string | bigint | number | boolean;

/** A value or a problem, told apart by `kind`. */
export type Read = { readonly kind: "value"; readonly value: LeafValue } | ReadProblem;
interface ReadProblem {
  readonly kind: "problem";
  readonly problem: Problem;
}

/** Exact numbers are read from no longer a text: reading them takes more than linear time. */
const NUMBER_CHARACTERS_MAX = 400;
const INT64_MAX = 9_223_372_036_854_775_807n;
const INT64_MIN = -9_223_372_036_854_775_808n;

const value = (read: LeafValue): Read => ({ kind: "value", value: read });

/** The exact reading of a leaf's JSON value, cleaned and not null. */
export function readLeaf(leaf: Leaf, plain: Exclude<Plain, { kind: "null" }>): Read {
  const wrong = (code: Problem["code"], message: string, hint?: string): ReadProblem => ({
    kind: "problem",
    problem: { code, field: leaf.path, message: `${leaf.path}: ${message}`, hint },
  });
  const mistyped = (): ReadProblem =>
    wrong(
      "FIELD_TYPE",
      `expected ${nameOf(leaf.type)}, got ${describe(plain)}`,
      hintFor(leaf, plain),
    );
  const { type } = leaf;
  switch (type.kind) {
    case "string":
      return plain.kind === "string" ? value(plain.text) : mistyped();
    case "id": {
      if (plain.kind !== "string") return mistyped();
      const characters = plain.text.length > 0 ? [...plain.text.slice(0, 300)].length : 0;
      if (characters > 0 && characters <= LIMITS.idCharactersMax) return value(plain.text);
      return wrong("FIELD_VALUE", `an id has 1 to ${LIMITS.idCharactersMax} characters`);
    }
    case "oneOf":
      if (plain.kind !== "string") return mistyped();
      if (type.values.includes(plain.text)) return value(plain.text);
      return wrong("FIELD_VALUE", `${describe(plain)} isn't one of ${type.values.join(", ")}`);
    case "boolean":
      return plain.kind === "boolean" ? value(plain.value) : mistyped();
    case "float": {
      if (plain.kind !== "number") return mistyped();
      const number = Number(plain.text);
      return Number.isFinite(number) ? value(number) : wrong("FIELD_VALUE", "too large a number");
    }
    case "integer": {
      if (plain.kind !== "number") return mistyped();
      if (plain.text.length > NUMBER_CHARACTERS_MAX)
        return wrong("FIELD_VALUE", "too long a number");
      const whole = parseDecimal(plain.text, 0);
      if (whole === undefined) return wrong("FIELD_VALUE", `${describe(plain)} isn't whole`);
      if (whole <= INT64_MAX && whole >= INT64_MIN) return value(whole);
      return wrong("FIELD_VALUE", `${describe(plain)} doesn't fit 64 bits`);
    }
    case "decimal": {
      if (plain.kind !== "number" && plain.kind !== "string") return mistyped();
      if (plain.text.length > NUMBER_CHARACTERS_MAX)
        return wrong("FIELD_VALUE", "too long a number");
      const unscaled = parseDecimal(plain.text, type.scale);
      if (unscaled !== undefined && fitsPrecision(unscaled, type.precision)) return value(unscaled);
      if (!/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(plain.text)) return mistyped();
      return wrong(
        "FIELD_VALUE",
        `${describe(plain)} isn't exact in decimal(${type.precision}, ${type.scale})`,
        "round it where you know how, or declare more places",
      );
    }
    case "timestamp":
      return readTimestamp(plain, type.zone, wrong);
  }
}

function readTimestamp(
  plain: Plain,
  zone: string | undefined,
  wrong: (code: Problem["code"], message: string, hint?: string) => ReadProblem,
): Read {
  if (plain.kind === "number" && /^\d{1,16}$/.test(plain.text)) {
    const ms = Number(plain.text);
    if (ms >= TIME_BOUNDS.earliestMs) return value(ms);
    return wrong(
      "TIME_INVALID",
      `${plain.text} isn't a time`,
      "a number is milliseconds since 1970",
    );
  }
  if (plain.kind !== "string") {
    return wrong("TIME_INVALID", `${describe(plain)} isn't a time`, "write 2026-01-31T09:00:00Z");
  }
  const ms = parseTime(plain.text, zone);
  if (ms !== undefined) return value(ms);
  return lacksOffset(plain.text)
    ? wrong(
        "TIME_INVALID",
        `${describe(plain)} doesn't say at which offset from UTC`,
        'add Z or an offset, or declare t.timestamp({ zone: "Europe/Berlin" })',
      )
    : wrong(
        "TIME_INVALID",
        `${describe(plain)} isn't an RFC 3339 time`,
        "write 2026-01-31T09:00:00Z",
      );
}

function hintFor(leaf: Leaf, plain: Plain): string | undefined {
  const coercible = plain.kind === "string" || plain.kind === "number" || plain.kind === "boolean";
  return coercible && leaf.type.kind !== "id"
    ? 'send the declared type, or declare the field with .clean("coerce")'
    : undefined;
}

const NAMES: Record<LeafType["kind"], string> = {
  string: "a string",
  id: "an id (a string)",
  oneOf: "a string",
  integer: "a whole number",
  decimal: "a number (or its text)",
  float: "a number",
  boolean: "true or false",
  timestamp: "a time",
};
const nameOf = (type: LeafType): string => NAMES[type.kind];

function describe(plain: Plain): string {
  switch (plain.kind) {
    case "string":
      return JSON.stringify(plain.text.length > 60 ? `${plain.text.slice(0, 60)}…` : plain.text);
    case "number":
      return plain.text.slice(0, 60);
    case "boolean":
      return String(plain.value);
    default:
      return `${plain.kind === "object" ? "an" : plain.kind === "array" ? "an" : ""} ${plain.kind}`.trim();
  }
}
