import { canonicalJson, type Json } from "../src/core/canonical-json.ts";
import { formatDecimal } from "../src/core/decimal.ts";
import type { AlertRow } from "../src/language/plan/alert-row.ts";
import {
  dimensionTypes,
  metricComponents,
  metricKey,
  type MetricRow,
} from "../src/language/plan/metric-row.ts";
import type { MetricNode } from "../src/language/plan/nodes.ts";
import type { Value } from "../src/language/plan/value.ts";
import type { ValueType } from "../src/language/schema/field-type.ts";
import type { LogRecord, Readable } from "./case.ts";

/** The part of a metric's row that every engine must give alike. */
export type ComparedRow = Omit<MetricRow, "op" | "version" | "generation">;

const isoOf = (ms: number): string => new Date(ms).toISOString();

/** A value as people read it: times in RFC 3339, decimals and great integers as text. */
export function readableValue(type: ValueType, value: Value): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case "decimal":
      return formatDecimal(value as bigint, type.scale);
    case "integer":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case "timestamp":
      return isoOf(value as number);
    default:
      return value;
  }
}

/** A metric's row as `expected.jsonl` has it. */
export function readableRow(metric: MetricNode, row: ComparedRow): Readable {
  const canonical = metricKey(dimensionTypes(metric.by), row.dimensions);
  const components = metricComponents(metric).map(({ name, type }, at) => [
    name,
    readableValue(type, row.components[at]!),
  ]);
  return {
    metric: metric.name,
    // The text and the typed columns must tell the same.
    key: canonical === row.key ? row.key : `${row.key} beside ${canonical}`,
    window_start: isoOf(row.windowStart),
    window_end: isoOf(row.windowEnd),
    ...Object.fromEntries(components),
    closed: row.closed,
    ...(row.incomplete && { incomplete: true }),
    ...(row.latePending > 0 && { late_pending: row.latePending }),
  };
}

export const readableAlert = (alert: AlertRow): Readable => ({
  anomaly: alert.anomaly,
  key: alert.key,
  window_start: isoOf(alert.windowStart),
  value: alert.value,
  median: alert.median,
  spread: alert.spread,
  score: rounded(alert.score),
});

/** Scores are quotients of floats: compared to six places. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/** A row of a topic: its columns that aren't null, without the log's own. */
export function readableRecord({ topic, row }: LogRecord): Readable {
  const shown = row!.layout.columns
    .filter(({ name }) => !["_offset", "received_at", "_partition"].includes(name))
    .map(({ name, valueType }) => [name, readableValue(valueType, row!.values.get(name) ?? null)])
    .filter(([name, value]) => value !== null && !(name === "_flags" && value === 0));
  return { topic, ...Object.fromEntries(shown) };
}

/** Rows in an order of their own, so that lists can be compared. */
export const ordered = (rows: readonly Readable[]): readonly Readable[] =>
  rows
    .map((row) => [orderOf(row), row] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, row]) => row);

const orderOf = (row: Readable): string =>
  canonicalJson([row["window_start"] ?? null, row["key"] ?? null, row] as Json);

/** The `key` of an expected row: the canonical text, or the array that it is the text of. */
export const expectedRow = (row: Readable): Readable =>
  Array.isArray(row["key"]) ? { ...row, key: JSON.stringify(row["key"]) } : row;
