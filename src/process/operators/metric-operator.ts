import type { Json } from "../../core/canonical-json.ts";
import type { RowProgram } from "../../language/compile/javascript/compile-rows.ts";
import type { GroupKey } from "../../language/compile/javascript/group-key.ts";
import { dimensionTypes, parseMetricKey, type MetricRow } from "../../language/plan/metric-row.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { Value } from "../../language/plan/value.ts";
import type { ValueType } from "../../language/schema/field-type.ts";
import { Aggregates, type AggregateValues } from "./aggregates.ts";
import type { Progress } from "./progress.ts";
import type { RowExpressions } from "./row-expressions.ts";

/** Where an operator stands in the stream. */
export interface OperatorOptions {
  /** Of the metric's topic; moved on by whoever reads the log. */
  readonly progress: Progress;
  /** How far `received_at` may run backwards within a partition, ms. */
  readonly slackMs: number;
  /**
   * The operator saw every on-time event from this time on, but perhaps not all before it: windows
   * that may have such events are left to backfill. -Infinity: it saw everything.
   */
  readonly sinceMs: number;
}

/** Which rows are wanted, asked before a row is made. */
export type RowFilter = (windowStart: number, key: string) => boolean;

/** What a metric's operator computes with; the windows add the rest. */
export class MetricLogic {
  readonly metric: MetricNode;
  readonly aggregates: Aggregates;
  readonly #keySlot: number;
  readonly #whereSlot: number | undefined;
  readonly #types: readonly ValueType[];
  /** The operator's place among what a `GroupKey` knows. */
  readonly slot: number;
  /** Canonical key of the current row. */
  key: () => GroupKey = unbound;
  /** The metric's condition over the current row; none: always true. */
  where: (() => Value) | undefined;

  constructor(metric: MetricNode, expressions: RowExpressions) {
    this.metric = metric;
    this.aggregates = new Aggregates(metric, expressions);
    this.#keySlot = expressions.key(metric.by.map((dimension) => dimension.value));
    this.#whereSlot = metric.where === undefined ? undefined : expressions.value(metric.where);
    this.slot = expressions.slot();
    this.#types = dimensionTypes(metric.by);
  }

  bind(program: RowProgram): void {
    this.aggregates.bind(program);
    this.key = program.keys[this.#keySlot]!;
    this.where = this.#whereSlot === undefined ? undefined : program.values[this.#whereSlot];
  }

  row(from: RowFields, values: AggregateValues, version: number): MetricRow {
    return {
      op: "upsert",
      key: from.key,
      dimensions: parseMetricKey(this.#types, from.key),
      windowStart: from.windowStart,
      windowEnd: from.windowEnd,
      components: values.components,
      incomplete: values.incomplete,
      closed: from.closed,
      latePending: from.latePending,
      generation: 0,
      version,
    };
  }

  /** The row that takes back what was said of a session start. */
  deletion(key: string, windowStart: number, version: number): MetricRow {
    const none = this.aggregates.read(this.aggregates.merged([]));
    const from = { key, windowStart, windowEnd: windowStart, closed: false, latePending: 0 };
    return { ...this.row(from, none, version), op: "delete" };
  }
}

const unbound = (): never => {
  throw new Error("bind a program first");
};

type RowFields = Pick<MetricRow, "key" | "windowStart" | "windowEnd" | "closed" | "latePending">;

/**
 * One metric over the rows of its topic. Rows are a function of the log alone: of the set of events
 * and of how far each partition was read, not of batches, interleaving or restarts.
 */
export interface MetricOperator {
  readonly metric: MetricNode;
  bind(program: RowProgram): void;
  /**
   * Takes the program's current row. `eligible`: it came by the stream (not imported) and in
   * order; it is on time if, beside that, `receivedAt ≤ time + grace`.
   */
  take(time: number, receivedAt: number, eligible: boolean): void;
  /**
   * Rows that changed and windows that closed since the last call, by (window start, key). The
   * state must be saved, with the positions read, and settled before more is taken.
   */
  emit(version: number): MetricRow[];
  /** Rows of the windows that are open, as they stand now, from the entries in memory. */
  openRows(version: number, accept?: RowFilter): Iterable<MetricRow>;
  /** What it keeps beside its entries. */
  snapshot(): Json;
  restore(saved: Json): void;
}

/** Orders rows by window start, then key; a deletion before an upsert. */
export function sortRows(rows: MetricRow[]): MetricRow[] {
  return rows.sort(
    (a, b) =>
      a.windowStart - b.windowStart ||
      (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) ||
      (a.op === b.op ? 0 : a.op === "delete" ? -1 : 1),
  );
}
