import { componentsOf } from "../../src/language/plan/measure.ts";
import { metricComponents } from "../../src/language/plan/metric-row.ts";
import type { AnomalyNode, MetricNode } from "../../src/language/plan/nodes.ts";
import type { OracleRow } from "./oracle.ts";

/** An alert in a form that two implementations can be compared by. */
export const alertText = (
  anomaly: string,
  key: string,
  windowStart: number,
  value: number,
  score: number,
): string => `${anomaly} ${key} ${windowStart} ${value} ${score.toFixed(6)}`;

/** The alerts of an anomaly over a metric's rows, each looked at by itself. */
export function oracleAlerts(
  node: AnomalyNode,
  metric: MetricNode,
  rows: readonly OracleRow[],
): string[] {
  const closed = rows.filter((row) => row.closed);
  return [...Map.groupBy(closed, (row) => row.key).values()].flatMap((all) => {
    const sorted = all.toSorted((a, b) => a.windowStart - b.windowStart);
    const points = sorted.map((row) => [row.windowStart, valueOf(node, metric, row)] as const);
    return sorted.flatMap((row, index) => {
      const value = points[index]![1];
      if (value === undefined) return [];
      const before = dense(metric, points.slice(0, index), row.windowStart).slice(-node.history);
      if (before.length < node.warmUp) return [];
      const centre = middle(before);
      const spread = Math.max(1.4826 * middle(before.map((v) => Math.abs(v - centre))), node.floor);
      const score = (value - centre) / spread;
      if (Math.abs(score) < node.threshold) return [];
      return [alertText(node.name, row.key, row.windowStart, value, score)];
    });
  });
}

type Point = readonly [start: number, value: number | undefined];

/** The values from the first one on, with a 0 for each window that has no row. */
function dense(metric: MetricNode, points: readonly Point[], until: number): number[] {
  const valued = points.slice(points.findIndex((point) => point[1] !== undefined));
  if (valued.length === 0 || points.every((point) => point[1] === undefined)) return [];
  if (metric.window.kind === "session")
    return valued.flatMap(([, v]) => (v === undefined ? [] : [v]));
  const every = metric.window.kind === "tumbling" ? metric.window.sizeMs : metric.window.everyMs;
  const values: number[] = [];
  for (let start = valued[0]![0]; start < until; start += every) {
    const point = valued.find((each) => each[0] === start);
    if (point === undefined) values.push(0);
    else if (point[1] !== undefined) values.push(point[1]);
  }
  return values;
}

function valueOf(node: AnomalyNode, metric: MetricNode, row: OracleRow): number | undefined {
  const parts = componentsOf(metric.measures.find((each) => each.name === node.measure)!);
  const at = metricComponents(metric).findIndex((each) => each.name === parts[0]!.name);
  const [top, bottom] = parts.map(({ type }, index) => {
    const value = row.components[at + index];
    if (value === null || value === undefined) return undefined;
    return Number(`${value}e-${type.kind === "decimal" ? type.scale : 0}`);
  });
  if (parts.length === 1) return top;
  return top === undefined || bottom === undefined || bottom === 0 ? undefined : top / bottom;
}

const middle = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
};
