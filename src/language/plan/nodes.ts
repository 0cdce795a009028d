import type { FieldNode } from "../schema/field-type.ts";
import type { StreamEngine } from "./engine.ts";
import type { Expression } from "./expression.ts";
import type { Dimension, Measure } from "./measure.ts";
import type { TableSource } from "./table-source.ts";
import type { Window } from "./window.ts";

/** An event: a topic of immutable facts. */
export interface EventNode {
  readonly kind: "event";
  readonly name: string;
  readonly fields: readonly FieldNode[];
  /** Path of the field that identifies an event. */
  readonly id: string;
  /** Path of the field that says when it happened. */
  readonly time: string;
  /** Paths whose first non-null value is the partition key. */
  readonly key: readonly string[];
  /** What becomes of keys that aren't declared. */
  readonly undeclared: "keep" | "drop" | "refuse";
  /** Computed once at the door, stored as columns. */
  readonly derived: readonly Dimension[];
  /** How long an id is remembered, ms. */
  readonly horizonMs: number;
}

/** A keyed, upserted dimension. Its topic has the table's name. */
export interface TableNode {
  readonly kind: "table";
  readonly name: string;
  readonly fields: readonly FieldNode[];
  /** Path of the key. */
  readonly key: string;
  /** Absent: its rows come by the door. */
  readonly from?: TableSource;
}

/** A topic made from another by filter, join and select, at the door, with the same ids. */
export interface StreamNode {
  readonly kind: "stream";
  readonly name: string;
  readonly from: string;
  readonly where?: Expression;
  readonly join?: Join;
  readonly select: readonly Dimension[];
}

/** A table joined by its key; `inner` drops what has no row. */
export interface Join {
  readonly table: string;
  readonly on: Expression;
  readonly type: "inner" | "left";
}

/** A windowed aggregation of a topic. */
export interface MetricNode {
  readonly kind: "metric";
  readonly name: string;
  readonly from: string;
  readonly where?: Expression;
  readonly by: readonly Dimension[];
  readonly window: Window;
  readonly measures: readonly Measure[];
  readonly graceMs: number;
  /** `close`: rows leave when their window closes (metrics per person); else as they change. */
  readonly emit: "change" | "close";
  /** Which engine of a cluster computes it; `engineOf` gives one where it is absent. */
  readonly engine?: StreamEngine;
}

/** Watches a measure: median and MAD over the `history` preceding closed windows of a key. */
export interface AnomalyNode {
  readonly kind: "anomaly";
  readonly name: string;
  readonly metric: string;
  readonly measure: string;
  readonly history: number;
  /** Robust deviations (|x − median| / (1.4826 × MAD)) that count as unusual. */
  readonly threshold: number;
  /** The least spread that is assumed, in the measure's unit. */
  readonly floor: number;
  /** Closed windows a key needs before anything is said. */
  readonly warmUp: number;
}

export type Severity = "warn" | "quarantine" | "fail";

/** A data-quality expectation about single events. */
export interface RuleNode {
  readonly kind: "rule";
  readonly name: string;
  readonly on: string;
  readonly when?: Expression;
  /** Broken when this is false; null keeps it (as SQL's CHECK). */
  readonly expect: Expression;
  readonly severity: Severity;
}

/** A batch table, computed for one UTC day at a time. */
export interface ModelNode {
  readonly kind: "model";
  readonly name: string;
  /** An event, a stream or another model. */
  readonly from: string;
  readonly where?: Expression;
  /** Joined as of the end of the day. */
  readonly join?: Join;
  readonly by: readonly Dimension[];
  readonly measures: readonly Measure[];
  /** Columns computed from `by` and `measures`, after them. */
  readonly compute: readonly Dimension[];
}

/** A pre-aggregated table over several dimensions, kept by the warehouse as events arrive. */
export interface CubeNode {
  readonly kind: "cube";
  readonly name: string;
  readonly from: string;
  readonly where?: Expression;
  readonly every: "hour" | "day";
  readonly by: readonly Dimension[];
  readonly measures: readonly Measure[];
}

/** Which topics the messages of clients that don't know our schemas go to. */
export interface ClientMapping {
  /** Page views, clicks, custom events. */
  readonly behaviour?: string;
  /** The e-commerce names, one event per product. */
  readonly commerce?: string;
  /** `identify`. */
  readonly users?: string;
}

/** A whole definition as inert data: what every compiler reads. */
export interface Plan {
  readonly kind: "pipeline";
  readonly format: 1;
  readonly name: string;
  readonly events: readonly EventNode[];
  readonly tables: readonly TableNode[];
  readonly streams: readonly StreamNode[];
  readonly metrics: readonly MetricNode[];
  readonly anomalies: readonly AnomalyNode[];
  readonly rules: readonly RuleNode[];
  readonly models: readonly ModelNode[];
  readonly cubes: readonly CubeNode[];
  readonly clients: ClientMapping;
}

/** Any named node of a plan. */
export type PlanNode =
  | EventNode
  | TableNode
  | StreamNode
  | MetricNode
  | AnomalyNode
  | RuleNode
  | ModelNode
  | CubeNode;

/** Every node of a plan, in dependency order. */
export const nodesOf = (plan: Plan): readonly PlanNode[] => [
  ...plan.events,
  ...plan.tables,
  ...plan.streams,
  ...plan.rules,
  ...plan.metrics,
  ...plan.anomalies,
  ...plan.models,
  ...plan.cubes,
];
