import { deepFreeze } from "../../core/freeze.ts";
import type { DurationText } from "../../core/time.ts";
import type { StreamEngine } from "../plan/engine.ts";
import { fieldsIn } from "../plan/expression.ts";
import type { MetricNode } from "../plan/nodes.ts";
import type { Window } from "../plan/window.ts";
import { durationMs } from "./duration.ts";
import type { Condition } from "./expression.ts";
import { measureNodes, type MeasureMap } from "./measure.ts";
import { dimensionsOf, type Source, type ValueMap } from "./source.ts";

/** Names one measure of one metric, for what watches it. */
export interface MeasureReference {
  readonly metric: MetricNode;
  readonly measure: string;
}

/** A defined metric. */
export interface MetricDefinition<Measures extends MeasureMap> {
  readonly node: MetricNode;
  readonly measures: { readonly [Name in keyof Measures]: MeasureReference };
}

export interface MetricOptions<Measures extends MeasureMap> {
  readonly from: Source & { readonly node: { readonly kind: "event" | "stream" } };
  readonly where?: Condition;
  readonly by?: ValueMap;
  readonly window: Window;
  readonly measures: Measures;
  /** How long after its time an event may be received and still be on time; 5m by default. */
  readonly grace?: DurationText;
  /** `close`: rows leave when their window closes. The default for metrics per person. */
  readonly emit?: "change" | "close";
  /** The engine of a cluster that computes it, and the anomalies that watch it. */
  readonly on?: StreamEngine;
}

/** Defines a metric: a windowed aggregation. */
export function metric<const Measures extends MeasureMap>(
  name: string,
  options: MetricOptions<Measures>,
): MetricDefinition<Measures> {
  const by = dimensionsOf(options.by ?? {});
  const node: MetricNode = deepFreeze({
    kind: "metric",
    name,
    from: options.from.node.name,
    ...(options.where && { where: options.where.node }),
    by,
    window: options.window,
    measures: measureNodes(options.measures),
    graceMs: durationMs(options.grace ?? "5m", name),
    emit: options.emit ?? (isPerPerson(options.from, by) ? "close" : "change"),
    ...(options.on && { engine: options.on }),
  });
  const references = Object.keys(options.measures).map((measure) => [
    measure,
    Object.freeze({ metric: node, measure }),
  ]);
  return Object.freeze({ node, measures: Object.freeze(Object.fromEntries(references)) });
}

/** Whether a dimension is a field that names a person. */
function isPerPerson(from: Source, by: MetricNode["by"]): boolean {
  if (from.node.kind !== "event") return false;
  const subjects = new Set(
    from.node.fields.filter((each) => each.subject).map((each) => each.name),
  );
  return by.some(({ value }) => fieldsIn(value).some((field) => subjects.has(field.path)));
}
