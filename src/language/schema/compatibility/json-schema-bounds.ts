import { canonicalJson } from "../../../core/canonical-json.ts";
import type { JsonSchemaObject } from "./json-schema-type.ts";
import type { JsonType } from "./json-schema-type.ts";
import type { Mismatch } from "./incompatibility.ts";

/** Keywords of least and greatest counts, by the type that they bound. */
const LEAST: Partial<Record<JsonType, readonly string[]>> = {
  string: ["minLength"],
  array: ["minItems"],
  object: ["minProperties"],
};
const GREATEST: Partial<Record<JsonType, readonly string[]>> = {
  string: ["maxLength"],
  array: ["maxItems"],
  object: ["maxProperties"],
};

/**
 * The bounds by which `reader` refuses values of one type that `writer` lets pass: counts,
 * numeric ranges, `multipleOf`, `uniqueItems`, `pattern`.
 */
export function compareBounds(
  reader: JsonSchemaObject,
  writer: JsonSchemaObject,
  type: JsonType,
): Mismatch[] {
  const found: Mismatch[] = [];
  const refuse = (keyword: string): void => {
    found.push(tightened(keyword, reader, writer));
  };
  for (const keyword of LEAST[type] ?? []) {
    if (count(reader, keyword, 0) > count(writer, keyword, 0)) refuse(keyword);
  }
  for (const keyword of GREATEST[type] ?? []) {
    if (count(reader, keyword, Infinity) < count(writer, keyword, Infinity)) refuse(keyword);
  }
  if (type === "string" && added("pattern", reader, writer)) refuse("pattern");
  if (type === "array" && reader["uniqueItems"] === true && writer["uniqueItems"] !== true) {
    refuse("uniqueItems");
  }
  if (type === "number" || type === "integer") {
    if (lowerThan(lower(writer), lower(reader))) refuse("minimum");
    if (lowerThan(negated(upper(writer)), negated(upper(reader)))) refuse("maximum");
    if (!multiples(reader, writer, type)) refuse("multipleOf");
  }
  return found;
}

/** Whether the reader has a keyword that the writer lacks or has otherwise. */
export function added(
  keyword: string,
  reader: JsonSchemaObject,
  writer: JsonSchemaObject,
): boolean {
  if (reader[keyword] === undefined) return false;
  return canonicalJson(reader[keyword]) !== canonicalJson(writer[keyword]);
}

/** A keyword's two values as a mismatch. */
export function tightened(
  keyword: string,
  reader: JsonSchemaObject,
  writer: JsonSchemaObject,
): Mismatch {
  const text = (schema: JsonSchemaObject): string => {
    const related = [keyword, `exclusive${keyword[0]?.toUpperCase()}${keyword.slice(1)}`];
    const shown = related.filter((each) => schema[each] !== undefined);
    if (shown.length === 0) return `no ${keyword}`;
    return shown.map((each) => `${each} ${JSON.stringify(schema[each])}`).join(", ");
  };
  return { kind: "BOUND_TIGHTENED", path: [], reader: text(reader), writer: text(writer) };
}

interface Bound {
  readonly value: number;
  readonly exclusive: boolean;
}

function lower(schema: JsonSchemaObject): Bound {
  const inclusive = { value: count(schema, "minimum", -Infinity), exclusive: false };
  const exclusive = { value: count(schema, "exclusiveMinimum", -Infinity), exclusive: true };
  return lowerThan(inclusive, exclusive) ? exclusive : inclusive;
}

function upper(schema: JsonSchemaObject): Bound {
  const inclusive = { value: count(schema, "maximum", Infinity), exclusive: false };
  const exclusive = { value: count(schema, "exclusiveMaximum", Infinity), exclusive: true };
  return lowerThan(negated(inclusive), negated(exclusive)) ? exclusive : inclusive;
}

function negated({ value, exclusive }: Bound): Bound {
  return { value: -value, exclusive };
}

/** Whether the least value above `left` is lower than the least above `right`. */
function lowerThan(left: Bound, right: Bound): boolean {
  if (left.value !== right.value) return left.value < right.value;
  return !left.exclusive && right.exclusive && Number.isFinite(left.value);
}

function multiples(reader: JsonSchemaObject, writer: JsonSchemaObject, type: JsonType): boolean {
  const step = reader["multipleOf"];
  if (typeof step !== "number") return true;
  const written = writer["multipleOf"] ?? (type === "integer" ? 1 : undefined);
  if (typeof written !== "number") return false;
  return Number.isInteger(written / step);
}

function count(schema: JsonSchemaObject, keyword: string, absent: number): number {
  const value = schema[keyword];
  return typeof value === "number" ? value : absent;
}
