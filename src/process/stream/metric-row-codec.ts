import type { AlertRow } from "../../language/plan/alert-row.ts";
import {
  dimensionTypes,
  metricComponents,
  parseMetricKey,
  type MetricRow,
} from "../../language/plan/metric-row.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { Value } from "../../language/plan/value.ts";

type SavedValue = string | number | boolean | null;
type SavedRow = [
  op: 0 | 1,
  key: string,
  windowStart: number,
  windowEnd: number,
  incomplete: 0 | 1,
  closed: 0 | 1,
  latePending: number,
  generation: number,
  version: number,
  ...components: SavedValue[],
];

/** Rows of one metric as JSON; the dimensions are in the key. */
export const encodeMetricRows = (rows: readonly MetricRow[]): string =>
  JSON.stringify(rows.map(savedRow));

const savedRow = (row: MetricRow): SavedRow => [
  row.op === "delete" ? 1 : 0,
  row.key,
  row.windowStart,
  row.windowEnd,
  row.incomplete ? 1 : 0,
  row.closed ? 1 : 0,
  row.latePending,
  row.generation,
  row.version,
  ...row.components.map((value) => (typeof value === "bigint" ? String(value) : value)),
];

/** What `encodeMetricRows` wrote. */
export function decodeMetricRows(metric: MetricNode, text: string): MetricRow[] {
  const dimensions = dimensionTypes(metric.by);
  const exact = metricComponents(metric).map(
    ({ type }) => type.kind === "integer" || type.kind === "decimal",
  );
  return (JSON.parse(text) as SavedRow[]).map((saved): MetricRow => {
    const [op, key, windowStart, windowEnd, incomplete, closed, latePending, generation, version] =
      saved;
    const components = saved.slice(9);
    return {
      op: op === 1 ? "delete" : "upsert",
      key,
      dimensions: parseMetricKey(dimensions, key),
      windowStart,
      windowEnd,
      components: components.map((value, index): Value =>
        exact[index] && value !== null ? BigInt(value) : value,
      ),
      incomplete: incomplete === 1,
      closed: closed === 1,
      latePending,
      generation,
      version,
    };
  });
}

/** Alerts as JSON; the dimensions are in the key. */
export const encodeAlerts = (alerts: readonly AlertRow[]): string =>
  JSON.stringify(alerts.map(({ dimensions: _, ...rest }) => rest));

/** What `encodeAlerts` wrote. */
export const decodeAlerts = (metric: MetricNode, text: string): AlertRow[] =>
  (JSON.parse(text) as Omit<AlertRow, "dimensions">[]).map((alert) => ({
    ...alert,
    dimensions: parseMetricKey(dimensionTypes(metric.by), alert.key),
  }));
