import { formatDecimal } from "../../core/decimal.ts";
import type { AlertRow } from "../../language/plan/alert-row.ts";
import { metricTableNames } from "../../language/compile/clickhouse/metric-tables.ts";
import {
  dimensionTypes,
  metricComponents,
  type MetricRow,
} from "../../language/plan/metric-row.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { Value } from "../../language/plan/value.ts";
import type { ValueType } from "../../language/schema/field-type.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import type { MetricSink } from "./metric-sink.ts";

/** Where alerts are stored; the newest of an id counts. */
const ALERTS = `CREATE TABLE IF NOT EXISTS millrace_alerts (
  id String, anomaly LowCardinality(String), metric LowCardinality(String), measure String,
  key String, window_start DateTime64(3, 'UTC'), window_end DateTime64(3, 'UTC'),
  value Float64, median Float64, spread Float64, score Float64, version UInt64
) ENGINE = ReplacingMergeTree(version) ORDER BY (anomaly, window_start, id)
SETTINGS non_replicated_deduplication_window = 10000`;

/** Makes the table of alerts; may be repeated. */
export const createAlertTable = (warehouse: Warehouse): Promise<void> => warehouse.command(ALERTS);

/**
 * Publishes metric rows to the warehouse: closed ones to the metric's time series, the others to its
 * table of open windows. A repeated call carries the same tokens and changes nothing.
 */
export function warehouseSink(warehouse: Warehouse): MetricSink {
  return {
    publish: async (metric, rows, token) => {
      const { closed, open } = metricTableNames(metric);
      const parts = [
        { table: closed, part: rows.filter((row) => row.closed) },
        { table: open, part: rows.filter((row) => !row.closed) },
      ].filter(({ part }) => part.length > 0);
      const write = rowWriter(metric);
      await Promise.all(
        parts.map(({ table, part }) =>
          warehouse.insertRows({ table, token, rows: part.map(write) }),
        ),
      );
    },
    publishAlerts: (alerts, token) =>
      warehouse.insertRows({ table: "millrace_alerts", token, rows: alerts.map(alertColumns) }),
  };
}

/** A row of a metric as the JSON of its table's columns. */
function rowWriter(metric: MetricNode): (row: MetricRow) => Record<string, unknown> {
  const types = dimensionTypes(metric.by);
  const components = metricComponents(metric);
  return (row) => ({
    key: row.key,
    window_start: timeText(row.windowStart),
    window_end: timeText(row.windowEnd),
    ...Object.fromEntries(
      metric.by.map(({ name }, at) => [name, columnValue(row.dimensions[at] ?? null, types[at]!)]),
    ),
    ...Object.fromEntries(
      components.map(({ name, type }, at) => [name, columnValue(row.components[at] ?? null, type)]),
    ),
    incomplete: row.incomplete,
    closed: row.closed,
    late_pending: row.latePending,
    deleted: row.op === "delete",
    generation: row.generation,
    version: row.version,
  });
}

function columnValue(value: Value, type: ValueType): string | number | boolean | null {
  if (value === null) return null;
  if (type.kind === "timestamp") return timeText(value as number);
  if (type.kind === "decimal") return formatDecimal(value as bigint, type.scale);
  return typeof value === "bigint" ? String(value) : value;
}

/** A time as ClickHouse reads it: `2026-01-31 10:00:00.000`. */
const timeText = (ms: number): string => new Date(ms).toISOString().slice(0, -1).replace("T", " ");

const alertColumns = (alert: AlertRow): Record<string, unknown> => ({
  id: alert.id,
  anomaly: alert.anomaly,
  metric: alert.metric,
  measure: alert.measure,
  key: alert.key,
  window_start: timeText(alert.windowStart),
  window_end: timeText(alert.windowEnd),
  value: alert.value,
  median: alert.median,
  spread: alert.spread,
  score: alert.score,
  version: alert.version,
});
