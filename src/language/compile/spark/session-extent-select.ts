import type { MetricNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { SPARK } from "./dialect.ts";
import { metricRows, type MetricSelectOptions } from "./metric-rows.ts";
import { withSessionStart } from "./window-session.ts";

/** What `sessionExtentSelect` looks at. */
export interface SessionExtentOptions extends Pick<MetricSelectOptions, "relation" | "lateness"> {
  /** Which sessions: those that have an event in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  /** What is read, ms. */
  readonly readFromMs: number;
  readonly readToMs: number;
}

/**
 * One row `first`, `last` (ms; absent where there are none): the first start and the last event of
 * the sessions with an event in [fromMs, toMs), as far as [readFromMs, readToMs) shows them.
 */
export function sessionExtentSelect(
  metric: MetricNode,
  topic: Topic,
  options: SessionExtentOptions,
): string {
  const { window } = metric;
  if (window.kind !== "session") throw SPARK.unsupported(metric.name, "it has no sessions");
  const { fromMs, toMs, readFromMs, readToMs } = options;
  const { counted, dimensions } = metricRows(metric, topic, options);
  const rows = counted({ fromMs: readFromMs, toMs: readToMs });
  const marked = withSessionStart(window.gapMs, rows, dimensions);
  const group = [...dimensions, "_start"].join(", ");
  const inside = `COUNT_IF(_t >= ${fromMs} AND _t < ${toMs})`;
  const each = `SELECT _start, MAX(_t) AS _last, ${inside} AS _inside FROM (${marked}) GROUP BY ${group}`;
  return `SELECT MIN(_start) AS first, MAX(_last) AS last FROM (${each}) WHERE _inside > 0`;
}
