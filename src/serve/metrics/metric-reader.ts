import { dimensionTypes, metricKey, type MetricRow } from "../../language/plan/metric-row.ts";
import { resultType } from "../../language/plan/measure.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import { formatDecimal } from "../../core/decimal.ts";
import type { Value } from "../../language/plan/value.ts";
import type { ValueType } from "../../language/schema/field-type.ts";
import type { SqlParameter, Warehouse } from "../../storage/warehouse/warehouse.ts";
import type { MetricQuery } from "./metric-query.ts";
import { jsonValue, measureValues, type JsonValue } from "./metric-value.ts";

/**
 * Windows that are still open, straight from the operators, and rows that are on their way to the
 * store, deletions too: newer than any store. Of one window the last row counts.
 */
export interface OpenWindows {
  openRows(metric: string, query: MetricQuery): Promise<readonly MetricRow[]>;
}

/** A row as the API gives it. */
export interface ReadableRow {
  readonly window_start: string;
  readonly window_end: string;
  readonly closed: boolean;
  readonly incomplete: boolean;
  readonly late_pending: number;
  readonly generation: number;
  /** Dimensions and measures, by name. */
  readonly [column: string]: JsonValue;
}

interface StoredRow {
  readonly key: string;
  readonly window_start_ms: string;
  readonly window_end_ms: string;
  readonly closed: boolean;
  readonly incomplete: boolean;
  readonly late_pending: string;
  readonly generation: number;
  readonly [column: string]: string | number | boolean | null;
}

/**
 * The rows of a metric, newest window first: what the warehouse has, and over it the windows that
 * are open in the operators, so that an event shows before it is stored.
 */
export async function readMetric(
  metric: MetricNode,
  query: MetricQuery,
  warehouse: Warehouse,
  open: OpenWindows,
): Promise<readonly ReadableRow[]> {
  // Asked in this order a window that closes in between is seen twice rather than never.
  const live = await open.openRows(metric.name, query);
  const stored = await warehouse.query<StoredRow>(metricSql(metric, query), {
    params: metricParameters(metric, query),
    timeoutMs: 10_000,
  });
  const rows = new Map<string, { start: number; row: ReadableRow; generation: number }>();
  for (const each of stored) {
    const start = Number(each.window_start_ms);
    rows.set(`${start} ${each.key}`, {
      start,
      row: storedRow(metric, each),
      generation: each.generation,
    });
  }
  const types = dimensionTypes(metric.by);
  for (const each of live) {
    const id = `${each.windowStart} ${metricKey(types, each.dimensions)}`;
    if ((rows.get(id)?.generation ?? 0) > each.generation) continue;
    if (each.op === "delete") {
      rows.delete(id);
      continue;
    }
    rows.set(id, {
      start: each.windowStart,
      row: openRow(metric, types, each),
      generation: each.generation,
    });
  }
  return [...rows.entries()]
    .toSorted(
      ([leftId, left], [rightId, right]) => right.start - left.start || (leftId < rightId ? -1 : 1),
    )
    .slice(0, query.limit)
    .map(([, { row }]) => row);
}

const quote = (name: string): string =>
  `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;

function metricSql(metric: MetricNode, query: MetricQuery): string {
  const columns = [...metric.by, ...metric.measures].map((each) => quote(each.name));
  const filters = query.only.map(({ index, value }) => {
    const name = quote(metric.by[index]!.name);
    return value === null ? `${name} IS NULL` : `toString(${name}) = {only${index}:String}`;
  });
  const where = [
    "window_start >= fromUnixTimestamp64Milli({from:Int64})",
    "window_start < fromUnixTimestamp64Milli({to:Int64})",
    ...filters,
  ];
  return [
    `SELECT key, toUnixTimestamp64Milli(window_start) AS window_start_ms,`,
    `toUnixTimestamp64Milli(window_end) AS window_end_ms, closed, incomplete, late_pending, generation`,
    ...columns.map((column) => `, ${column}`),
    `FROM ${quote(metric.name)} WHERE ${where.join(" AND ")}`,
    `ORDER BY window_start DESC, key LIMIT {limit:UInt32}`,
  ].join(" ");
}

function metricParameters(metric: MetricNode, query: MetricQuery): Record<string, SqlParameter> {
  const types = dimensionTypes(metric.by);
  const only = query.only
    .filter(({ value }) => value !== null)
    .map(({ index, value }) => [`only${index}`, textOf(value, types[index]!)] as const);
  return { from: query.from, to: query.to, limit: query.limit, ...Object.fromEntries(only) };
}

/** What ClickHouse's `toString` gives for a value. */
const textOf = (value: Value, type: ValueType): string =>
  type.kind === "decimal"
    ? formatDecimal(value as bigint, type.scale).replace(/\.?0+$/, "")
    : String(value);

function storedRow(metric: MetricNode, row: StoredRow): ReadableRow {
  const types = dimensionTypes(metric.by);
  return {
    window_start: new Date(Number(row.window_start_ms)).toISOString(),
    window_end: new Date(Number(row.window_end_ms)).toISOString(),
    ...Object.fromEntries(
      metric.by.map(({ name }, index) => [name, fromWarehouse(row[name] ?? null, types[index]!)]),
    ),
    ...Object.fromEntries(
      metric.measures.map(({ name, aggregate }) => [
        name,
        fromWarehouse(row[name] ?? null, resultType(aggregate)),
      ]),
    ),
    closed: row.closed,
    incomplete: row.incomplete,
    late_pending: Number(row.late_pending),
    generation: row.generation,
  };
}

/** A value as the warehouse prints it, as the API gives it. */
export function fromWarehouse(value: string | number | boolean | null, type: ValueType): JsonValue {
  if (value === null) return null;
  if (type.kind === "integer") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (type.kind === "timestamp") return `${String(value).replace(" ", "T")}Z`;
  if (type.kind === "decimal") return padDecimal(String(value), type.scale);
  return value;
}

/** Decimals keep their places: ClickHouse leaves trailing zeros out. */
function padDecimal(text: string, scale: number): string {
  const [whole = "", fraction = ""] = text.split(".");
  return scale === 0 ? whole : `${whole}.${fraction.padEnd(scale, "0")}`;
}

function openRow(metric: MetricNode, types: readonly ValueType[], row: MetricRow): ReadableRow {
  const measures = measureValues(metric.measures, row.components);
  return {
    window_start: new Date(row.windowStart).toISOString(),
    window_end: new Date(row.windowEnd).toISOString(),
    ...Object.fromEntries(
      metric.by.map(({ name }, index) => [
        name,
        jsonValue(row.dimensions[index] ?? null, types[index]!),
      ]),
    ),
    ...Object.fromEntries(
      metric.measures.map(({ name }, index) => [name, measures[index] ?? null]),
    ),
    closed: row.closed,
    incomplete: row.incomplete,
    late_pending: row.latePending,
    generation: row.generation,
  };
}
