import { divideHalfUp, formatDecimal } from "../../core/decimal.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import { dimensionTypes } from "../../language/plan/metric-row.ts";
import { componentsOf } from "../../language/plan/measure.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { Value } from "../../language/plan/value.ts";
import { jsonValue, measureValues, type JsonValue } from "../metrics/metric-value.ts";
import { windowText } from "../metrics/metric-routes.ts";

/** What the page shows of one metric: the current window's greatest rows, and totals. */
export interface MetricSummary {
  readonly name: string;
  readonly kind: "tumbling" | "sliding" | "session";
  readonly window: string;
  /** Groups in the current window, or open sessions. */
  readonly open: number;
  readonly windowStart: number | null;
  readonly windowEnd: number | null;
  readonly dimensions: readonly string[];
  readonly measures: readonly string[];
  readonly rows: readonly {
    readonly dimensions: readonly JsonValue[];
    readonly values: readonly JsonValue[];
  }[];
  /** Ratios over all groups together. */
  readonly ratios: readonly RatioSummary[];
}

export interface RatioSummary {
  readonly metric: string;
  readonly percent: string | null;
  readonly numerator: number;
  readonly denominator: number;
}

const ROWS_SHOWN = 6;

/** Sums up the open rows of a metric. */
export function summariseMetric(metric: MetricNode, open: readonly MetricRow[]): MetricSummary {
  const rows = currentRows(metric, open);
  const types = dimensionTypes(metric.by);
  const shown = rows
    .toSorted((left, right) => compareValues(right.components[0]!, left.components[0]!))
    .slice(0, ROWS_SHOWN);
  const first = metric.window.kind === "session" ? undefined : rows[0];
  return {
    name: metric.name,
    kind: metric.window.kind,
    window: windowText(metric.window),
    open: rows.length,
    windowStart: first?.windowStart ?? (rows.length > 0 ? rows[0]!.windowStart : null),
    windowEnd: first?.windowEnd ?? (rows.length > 0 ? rows[0]!.windowEnd : null),
    dimensions: metric.by.map((each) => each.name),
    measures: metric.measures.map((each) => each.name),
    rows: shown.map((row) => ({
      dimensions: row.dimensions.map((value, index) => jsonValue(value, types[index]!)),
      values: measureValues(metric.measures, row.components),
    })),
    ratios: ratiosOf(metric, rows),
  };
}

/** Of sliding windows the fullest one that isn't over; of the others the newest. */
function currentRows(metric: MetricNode, open: readonly MetricRow[]): readonly MetricRow[] {
  if (metric.window.kind === "session") return open;
  const newest = open.reduce((most, row) => Math.max(most, row.windowStart), -Infinity);
  const back = metric.window.kind === "sliding" ? metric.window.sizeMs - metric.window.everyMs : 0;
  return open.filter((row) => row.windowStart === newest - back);
}

function ratiosOf(metric: MetricNode, rows: readonly MetricRow[]): readonly RatioSummary[] {
  let at = 0;
  return metric.measures.flatMap((measure): readonly RatioSummary[] => {
    const start = at;
    at += componentsOf(measure).length;
    if (measure.aggregate.kind !== "ratio") return [];
    const total = (index: number): bigint =>
      rows.reduce((sum, row) => sum + asBigInt(row.components[index] ?? null), 0n);
    const [numerator, denominator] = [total(start), total(start + 1)];
    const permille = divideHalfUp(numerator * 100n, denominator, 1);
    return [
      {
        metric: metric.name,
        percent: permille === undefined ? null : `${formatDecimal(permille, 1)} %`,
        numerator: Number(numerator),
        denominator: Number(denominator),
      },
    ];
  });
}

const asBigInt = (value: Value): bigint => (typeof value === "bigint" ? value : 0n);

function compareValues(left: Value, right: Value): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
}
