import type { MetricNode, ModelNode, RuleNode } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { LakeFile } from "../../storage/lake/lake.ts";
import type { TouchedRecord } from "./stream-view.ts";

/** Where the events of a topic are read from: the lake's files, or the topic's table. */
export type EventStore = "lake" | "table";

/** Times from `fromMs` on and before `toMs`. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A range of starts of windows, and how far the events of those windows reach. */
export interface WindowRange extends TimeRange {
  /** Sessions: events are read before this time. */
  readonly readToMs?: number;
}

/** Events that may break a rule. */
export interface RuleCount {
  readonly rule: RuleNode;
  readonly topic: Topic;
  readonly store: EventStore;
  readonly range: TimeRange;
}

/** A model's rows of whole UTC days. */
export interface ModelFill {
  readonly model: ModelNode;
  readonly range: TimeRange;
  readonly store: EventStore;
  /** A table of the warehouse with the model's columns. */
  readonly into: string;
  /** The topic that the model reads; absent where it reads a model. */
  readonly topic?: Topic;
  /** The topic of the joined table. */
  readonly joined?: Topic;
}

/** Rows of a metric. */
export interface MetricRowsWanted {
  readonly metric: MetricNode;
  readonly topic: Topic;
  readonly store: EventStore;
  /** `on-time`: what the stream counts. `all`: late, imported and replayed events too. */
  readonly lateness: "on-time" | "all";
  readonly windows: WindowRange;
}

/** Sessions that have an event in a range, as far as what is read shows them. */
export interface ExtentWanted extends Omit<MetricRowsWanted, "windows"> {
  readonly extent: TimeRange & { readonly readFromMs: number; readonly readToMs: number };
}

/** Files in which to look for late events, and what was looked at already. */
export interface TouchedWanted {
  readonly topic: Topic;
  /** Events received later after their time than this are late, ms. */
  readonly graceMs: number;
  readonly files: readonly LakeFile[];
  /** Of each partition the offsets to look at, `[from, to)`. */
  readonly ranges: readonly {
    readonly partition: number;
    readonly from: number;
    readonly to: number;
  }[];
}

/**
 * What computes from events on behalf of batch. What is computed ends up in the warehouse, where it
 * is held against what is stored, so that this alone differs between engines.
 */
export interface BatchEngine {
  /** How many events of a range break a rule. */
  countBroken(count: RuleCount): Promise<number>;
  /**
   * Adds a model's rows to a table; gives the count of source rows that an inner join left out. A
   * model that reads a model is filled after that one, by the same ranges.
   */
  fillModel(fill: ModelFill): Promise<number>;
  /**
   * Calls `use` with the SQL of a relation of the warehouse that has the metric's rows, as
   * `metricSelect` names their columns; it may be read more than once.
   */
  withMetricRows<Result>(
    wanted: MetricRowsWanted,
    use: (relation: string) => Promise<Result>,
  ): Promise<Result>;
  /** The first start and the last event of such sessions, ms; `undefined` where there are none. */
  sessionExtent(
    wanted: ExtentWanted,
  ): Promise<{ readonly firstMs: number; readonly lastMs: number } | undefined>;
  /** The hours that late and imported events of these files belong to. */
  touchedHours(wanted: TouchedWanted): Promise<readonly TouchedRecord[]>;
  /** A piece of work is done: what was kept for it goes. */
  release(): Promise<void>;
}
