import { MillraceError } from "../../core/errors.ts";
import { parseDecimal } from "../../core/decimal.ts";
import { dimensionTypes } from "../../language/plan/metric-row.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { Value } from "../../language/plan/value.ts";
import type { ValueType } from "../../language/schema/field-type.ts";

/** Which rows of a metric are asked for. */
export interface MetricQuery {
  /** Windows whose start is in `[from, to)`, ms. */
  readonly from: number;
  readonly to: number;
  /** Dimensions held to a value: index into the metric's `by`, and the value. */
  readonly only: readonly { readonly index: number; readonly value: Value }[];
  readonly limit: number;
}

const DAY_MS = 86_400_000;
const LIMIT_DEFAULT = 1_000;
const LIMIT_MAX = 10_000;

/** Reads `from`, `to`, `limit` and the dimensions of a query; throws `PARAMETER_INVALID`. */
export function readMetricQuery(
  metric: MetricNode,
  query: URLSearchParams,
  nowMs: number,
): MetricQuery {
  const types = dimensionTypes(metric.by);
  const only: { index: number; value: Value }[] = [];
  for (const [name, text] of query) {
    if (name === "from" || name === "to" || name === "limit") continue;
    const index = metric.by.findIndex((dimension) => dimension.name === name);
    if (index < 0) {
      const known = ["from", "to", "limit", ...metric.by.map((each) => each.name)];
      throw invalid(name, `${metric.name} has no dimension ${name}`, `use ${known.join(", ")}`);
    }
    only.push({ index, value: readValue(name, text, types[index]!) });
  }
  const to = readTime("to", query.get("to")) ?? nowMs + DAY_MS;
  const from = readTime("from", query.get("from")) ?? Math.min(nowMs, to) - DAY_MS;
  if (from >= to) throw invalid("from", "`from` must be before `to`", "swap them");
  return { from, to, only, limit: readLimit(query.get("limit")) };
}

/** A time as RFC 3339, as a date, or as milliseconds. */
export function readTime(name: string, text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  const ms = /^-?\d{5,16}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  throw invalid(name, `"${text}" isn't a time`, "such as 2026-01-31T10:00:00Z, or milliseconds");
}

function readLimit(text: string | null): number {
  if (text === null) return LIMIT_DEFAULT;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw invalid("limit", `"${text}" isn't a limit`, `a whole number from 1 to ${LIMIT_MAX}`);
}

/** A dimension's value from its text; the empty text is null, as no client can send null. */
function readValue(name: string, text: string, type: ValueType): Value {
  if (text === "") return null;
  const value = parseValue(text, type);
  if (value !== undefined) return value;
  throw invalid(name, `"${text}" isn't a ${type.kind}`, `${name} is a ${type.kind}`);
}

function parseValue(text: string, type: ValueType): Value | undefined {
  switch (type.kind) {
    case "string":
      return text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "integer":
      return parseDecimal(text, 0);
    case "decimal":
      return parseDecimal(text, type.scale);
    case "timestamp":
      return readTime("value", text);
    case "float":
      return Number.isFinite(Number(text)) ? Number(text) : undefined;
  }
}

const invalid = (field: string, message: string, hint: string): MillraceError =>
  new MillraceError("PARAMETER_INVALID", message, { field, hint });
