import { compileRows } from "../../language/compile/javascript/compile-rows.ts";
import type { MetricNode, Plan } from "../../language/plan/nodes.ts";
import type { Window } from "../../language/plan/window.ts";
import { dimensionTypes, metricKey } from "../../language/plan/metric-row.ts";
import { ROW_FLAGS, type Layout } from "../../language/schema/layout.ts";

/** A window of a metric that an event counts in. */
export interface TouchedWindow {
  readonly metric: string;
  /** The group, as canonical JSON. */
  readonly key: string;
  /** RFC 3339; null where the start depends on other events (sessions). */
  readonly window_start: string | null;
  readonly window_end: string | null;
  /** How the event gets there: at once, or later, by amendment (late, imported, released). */
  readonly by: "stream" | "amendment";
}

/** The windows that the row at `start` counts in, of every metric over its topic. */
export function touchedWindows(
  plan: Plan,
  topic: { readonly name: string; readonly time: string },
  layout: Layout,
  rows: Uint8Array,
  start: number,
): TouchedWindow[] {
  return plan.metrics
    .filter((metric) => metric.from === topic.name)
    .flatMap((metric) => windowsOf(metric, topic.time, layout, rows, start));
}

function windowsOf(
  metric: MetricNode,
  timePath: string,
  layout: Layout,
  rows: Uint8Array,
  start: number,
): TouchedWindow[] {
  const column = layout.columns.find(({ name }) => name === timePath)!;
  const time = {
    kind: "field",
    source: metric.from,
    path: timePath,
    type: column.valueType,
    nullable: column.nullable,
  } as const;
  const dimensions = metric.by.map(({ value }) => value);
  const conditions = metric.where === undefined ? [] : [metric.where];
  const program = compileRows(layout, [time, ...dimensions, ...conditions]);
  program.run(rows, start);
  if (metric.where !== undefined && program.value(1 + dimensions.length) !== true) return [];
  const at = program.value(0) as number;
  const key = metricKey(
    dimensionTypes(metric.by),
    dimensions.map((_, index) => program.value(1 + index)),
  );
  const outside = program.flags() & (ROW_FLAGS.imported | ROW_FLAGS.replayed);
  const isLate = program.receivedAt() > at + metric.graceMs;
  return bounds(metric.window, at).map(([from, to]) => ({
    metric: metric.name,
    key,
    window_start: from === null ? null : new Date(from).toISOString(),
    window_end: to === null ? null : new Date(to).toISOString(),
    by: outside !== 0 || isLate ? "amendment" : "stream",
  }));
}

function bounds(window: Window, at: number): readonly (readonly [number | null, number | null])[] {
  if (window.kind === "session") return [[null, null]];
  const everyMs = window.kind === "tumbling" ? window.sizeMs : window.everyMs;
  const last = Math.floor(at / everyMs) * everyMs;
  const found: [number, number][] = [];
  for (let from = last; from > at - window.sizeMs; from -= everyMs) {
    found.unshift([from, from + window.sizeMs]);
  }
  return found;
}
