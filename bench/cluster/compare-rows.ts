import { readableValue } from "../../conformance/readable.ts";
import { metricComponents, type MetricRow } from "../../src/language/plan/metric-row.ts";
import type { MetricNode } from "../../src/language/plan/nodes.ts";

/**
 * The rows that only one of two sides has. That a row is closed is told by ours alone, and
 * versions are everybody's own.
 */
export function differences(
  metric: MetricNode,
  ours: readonly MetricRow[],
  byHand: readonly MetricRow[],
): readonly string[] {
  const [left, right] = [textsOf(metric, ours), textsOf(metric, byHand)];
  const onlyIn = (own: ReadonlySet<string>, other: ReadonlySet<string>): readonly string[] =>
    [...own].filter((row) => !other.has(row));
  return [...onlyIn(left, right), ...onlyIn(right, left)];
}

const textsOf = (metric: MetricNode, rows: readonly MetricRow[]): Set<string> =>
  new Set(rows.filter(({ op }) => op === "upsert").map((row) => textOf(metric, row)));

function textOf(metric: MetricNode, row: MetricRow): string {
  const components = metricComponents(metric).map(({ type }, at) =>
    readableValue(type, row.components[at]!),
  );
  const { key, windowStart, windowEnd, incomplete, latePending } = row;
  return JSON.stringify([key, windowStart, windowEnd, components, incomplete, latePending]);
}
