import { formatDecimal } from "../../core/decimal.ts";
import { metricTableNames } from "../../language/compile/clickhouse/metric-tables.ts";
import type { AlertRow } from "../../language/plan/alert-row.ts";
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

const ALERTS = `CREATE TABLE IF NOT EXISTS millrace_alerts (
  id String, anomaly LowCardinality(String), metric LowCardinality(String), measure LowCardinality(String),
  key String, window_start DateTime64(3, 'UTC'), window_end DateTime64(3, 'UTC'), value Float64,
  median Float64, spread Float64, score Float64, version UInt64
) ENGINE = ReplacingMergeTree ORDER BY (window_start, id)
SETTINGS non_replicated_deduplication_window = 10000`;

/** Makes the table of alerts; may be repeated. */
export const createAlertTable = (warehouse: Warehouse): Promise<void> => warehouse.command(ALERTS);

/**
 * Writes the stream's output into the metrics' tables: closed rows into the time series, open ones
 * and deletions beside it. The tables exist (`planTables`, `createAlertTable`).
 */
export function warehouseSink(warehouse: Warehouse): MetricSink {
  return {
    async publish(metric, rows, token) {
      const names = metricTableNames(metric);
      const recordOf = recordMaker(metric);
      const insert = async (table: string, part: readonly MetricRow[], name: string) => {
        if (part.length === 0) return;
        await warehouse.insertRows({ table, rows: part.map(recordOf), token: `${token}-${name}` });
      };
      const isClosed = (row: MetricRow): boolean => row.closed && row.op === "upsert";
      await insert(names.closed, rows.filter(isClosed), "closed");
      await insert(
        names.open,
        rows.filter((row) => !isClosed(row)),
        "open",
      );
    },
    async publishAlerts(alerts, token) {
      await warehouse.insertRows({
        table: "millrace_alerts",
        rows: alerts.map(alertRecord),
        token,
      });
    },
  };
}

type WarehouseRecord = Record<string, string | number | boolean | null>;

function recordMaker(metric: MetricNode): (row: MetricRow) => WarehouseRecord {
  const types = dimensionTypes(metric.by);
  const components = metricComponents(metric);
  return (row) => {
    const record: WarehouseRecord = {
      key: row.key,
      window_start: timeText(row.windowStart),
      window_end: timeText(row.windowEnd),
      incomplete: row.incomplete,
      closed: row.closed,
      late_pending: row.latePending,
      deleted: row.op === "delete",
      generation: row.generation,
      version: row.version,
    };
    for (const [index, { name }] of metric.by.entries()) {
      record[name] = recordValue(row.dimensions[index]!, types[index]!);
    }
    for (const [index, { name, type }] of components.entries()) {
      record[name] = recordValue(row.components[index]!, type);
    }
    return record;
  };
}

const alertRecord = (alert: AlertRow): WarehouseRecord => ({
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

function recordValue(value: Value, type: ValueType): string | number | boolean | null {
  if (typeof value === "bigint") {
    return type.kind === "decimal" ? formatDecimal(value, type.scale) : String(value);
  }
  return type.kind === "timestamp" && value !== null ? timeText(Number(value)) : value;
}

const timeText = (ms: number): string => new Date(ms).toISOString().replace("T", " ").slice(0, -1);
