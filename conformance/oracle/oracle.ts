/**
 * What a metric's rows must be, recomputed from all records at once: no state, no increments, no
 * order. Written in another style than the operators, from `docs/specs/window-semantics.md` only.
 */
import type { Aggregate } from "../../src/language/plan/measure.ts";
import { componentsOf, type Component } from "../../src/language/plan/measure.ts";
import { dimensionTypes, metricKey, type MetricRow } from "../../src/language/plan/metric-row.ts";
import type { MetricNode } from "../../src/language/plan/nodes.ts";
import type { Value } from "../../src/language/plan/value.ts";
import { SLACK_MS } from "../../src/language/plan/window.ts";
import { ROW_FLAGS } from "../../src/language/schema/layout.ts";
import { evaluate, type OracleRecord } from "./evaluate.ts";

/** A row without what depends on the commit that made it. */
export type OracleRow = Omit<MetricRow, "version" | "op" | "generation">;

export interface OracleInput {
  /** Every record of the topic, in any order, by column name (`received_at`, `_flags` included). */
  readonly records: readonly OracleRecord[];
  /** Column of the event time. */
  readonly time: string;
  /** The least, over partitions, of the greatest received time (heartbeats included). */
  readonly progress: number;
  readonly slackMs?: number;
  /** Leave out what is late or imported (default), as a stream does; or take everything. */
  readonly everything?: boolean;
}

interface Fact {
  readonly record: OracleRecord;
  readonly time: number;
  readonly received: number;
  readonly isOnTime: boolean;
}

/** The rows of a metric: open and closed, or only closed ones where it emits at close. */
export function oracleRows(metric: MetricNode, input: OracleInput): OracleRow[] {
  const facts = input.records
    .filter((record) => metric.where === undefined || evaluate(metric.where, record) === true)
    .map((record): Fact => {
      const time = record.get(input.time) as number;
      const received = record.get("received_at") as number;
      const imported = (Number(record.get("_flags")) & ROW_FLAGS.imported) !== 0;
      const isOnTime =
        input.everything === true || (!imported && received <= time + metric.graceMs);
      return { record, time, received, isOnTime };
    });
  const rows = [...Map.groupBy(facts, (fact) => keyOf(metric, fact.record))].flatMap(
    ([key, members]) => keyRows(metric, input, key, members),
  );
  return rows
    .filter((row) => metric.emit === "change" || row.closed)
    .toSorted((a, b) => a.windowStart - b.windowStart || (a.key < b.key ? -1 : 1));
}

const dimensionsOf = (metric: MetricNode, record: OracleRecord): Value[] =>
  metric.by.map((dimension) => evaluate(dimension.value, record));

const keyOf = (metric: MetricNode, record: OracleRecord): string =>
  metricKey(dimensionTypes(metric.by), dimensionsOf(metric, record));

interface Span {
  readonly windowStart: number;
  readonly windowEnd: number;
  /** When it is over: its end, or the time from which no event can belong to it any more. */
  readonly over: number;
  readonly facts: readonly Fact[];
  readonly late: readonly Fact[];
}

function keyRows(
  metric: MetricNode,
  input: OracleInput,
  key: string,
  facts: readonly Fact[],
): OracleRow[] {
  const spans = metric.window.kind === "session" ? sessions(metric, facts) : windows(metric, facts);
  return spans.map((span) => {
    const records = span.facts.map((fact) => fact.record);
    const components = metric.measures
      .flatMap(componentsOf)
      .map((each) => component(each, records));
    return {
      key,
      dimensions: dimensionsOf(metric, records[0]!),
      windowStart: span.windowStart,
      windowEnd: span.windowEnd,
      components: components.map((each) => each.value),
      incomplete: components.some((each) => !each.isWhole),
      closed: input.progress >= span.over + metric.graceMs + (input.slackMs ?? SLACK_MS),
      latePending: span.late.filter((fact) => fact.received <= span.over + metric.graceMs).length,
    };
  });
}

function windows(metric: MetricNode, facts: readonly Fact[]): Span[] {
  const { window } = metric;
  if (window.kind === "session") return [];
  const every = window.kind === "tumbling" ? window.sizeMs : window.everyMs;
  const starts = new Set<number>();
  for (const { time, isOnTime } of facts) {
    if (!isOnTime) continue;
    for (let k = Math.floor(time / every); k * every + window.sizeMs > time; k--) {
      starts.add(k * every);
    }
  }
  return [...starts].map((windowStart) => {
    const windowEnd = windowStart + window.sizeMs;
    const within = facts.filter(({ time }) => time >= windowStart && time < windowEnd);
    return {
      windowStart,
      windowEnd,
      over: windowEnd,
      facts: within.filter((fact) => fact.isOnTime),
      late: within.filter((fact) => !fact.isOnTime),
    };
  });
}

function sessions(metric: MetricNode, facts: readonly Fact[]): Span[] {
  if (metric.window.kind !== "session") return [];
  const { gapMs } = metric.window;
  const sorted = facts.filter((fact) => fact.isOnTime).toSorted((a, b) => a.time - b.time);
  const runs: Fact[][] = [];
  for (const fact of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && fact.time - run.at(-1)!.time <= gapMs) run.push(fact);
    else runs.push([fact]);
  }
  return runs.map((run) => {
    const windowStart = run[0]!.time;
    const windowEnd = run.at(-1)!.time;
    const late = facts.filter(
      ({ time, isOnTime }) => !isOnTime && time >= windowStart - gapMs && time <= windowEnd + gapMs,
    );
    return { windowStart, windowEnd, over: windowEnd + gapMs, facts: run, late };
  });
}

interface Whole {
  readonly value: Value;
  readonly isWhole: boolean;
}

function component({ aggregate, type }: Component, records: readonly OracleRecord[]): Whole {
  const taken = records.filter(
    (record) => aggregate.where === undefined || evaluate(aggregate.where, record) === true,
  );
  if (aggregate.kind === "count") return { value: BigInt(taken.length), isWhole: true };
  const values = taken.map((record) => evaluate(aggregate.value, record)).filter((v) => v !== null);
  if (aggregate.kind === "countDistinct") {
    const n = new Set(values).size;
    return { value: BigInt(Math.min(n, aggregate.limit)), isWhole: n <= aggregate.limit };
  }
  if (values.length === 0) return { value: null, isWhole: true };
  const value = fold(aggregate.kind, values as (bigint | number)[]);
  if (typeof value !== "bigint") return { value, isWhole: true };
  const digits = String(value).replace("-", "").length;
  const isWhole = type.kind === "integer" ? BigInt.asIntN(64, value) === value : digits <= 38;
  return { value: isWhole ? value : null, isWhole };
}

function fold(kind: Aggregate["kind"], values: readonly (bigint | number)[]): bigint | number {
  if (kind === "sum") return (values as bigint[]).reduce((sum, value) => sum + value, 0n);
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return kind === "min" ? sorted[0]! : sorted.at(-1)!;
}
