import { metricComponents } from "../../plan/metric-row.ts";
import type { MetricNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { ROW_FLAGS } from "../../schema/layout.ts";
import { aggregateSql, type AggregateSql } from "./aggregate.ts";
import { expressionSql, sourceScope, storedSql } from "./expression.ts";
import { keySql } from "./key.ts";
import { allOf, millisOf, quoteName, timeSql, whereClause } from "./sql-text.ts";

/** Which rows of a metric a SELECT gives, and from what. */
export interface MetricSelectOptions {
  /** A table, a table function or a subquery in brackets, with the topic's columns. */
  readonly relation: string;
  /** `on-time`: what the stream counts. `all`: late, imported and replayed events too. */
  readonly lateness: "on-time" | "all";
  /** Windows that start in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  /**
   * Sessions only: events are read before this time (ms), which must be more than a gap after the
   * last event of every session that starts before `toMs`; see `sessionExtentSelect`.
   */
  readonly readToMs?: number;
  /** Only windows whose last moment (session: last event + gap) is at most this, ms. */
  readonly endedByMs?: number;
  /** Only these keys (canonical texts). */
  readonly keys?: readonly string[];
}

/**
 * The rows of a metric's source as the windowing reads them: subqueries over a range of event time,
 * with `_t` (ms), `_d0 …` (dimensions) and `_v0 …` (arguments of aggregates, nulls don't count).
 */
export interface MetricRows {
  readonly lateness: "on-time" | "all";
  readonly graceMs: number;
  readonly dimensions: readonly string[];
  readonly aggregates: readonly AggregateSql[];
  /** SQL of the canonical key, over the dimensions. */
  readonly key: string;
  /** The rows that count. */
  readonly counted: (fromMs: number, toMs: number) => string;
  /** Counted and late rows: `_late`, `_r` (received, ms); arguments of late ones are null. */
  readonly marked: (fromMs: number, toMs: number) => string;
  /** Late rows alone: `_t`, `_r`, `_d0 …`. */
  readonly late: (fromMs: number, toMs: number) => string;
}

/** The predicate of an event that is on time (design §3.4), over the alias `s`. */
export function onTimeSql(timePath: string, graceMs: number): string {
  const time = millisOf(`s.${quoteName(timePath)}`);
  return `bitAnd(s._flags, ${ROW_FLAGS.imported}) = 0 AND ${millisOf("s.received_at")} <= ${time} + ${graceMs}`;
}

/** What the windows of a metric are made of. */
export function metricRows(
  metric: MetricNode,
  topic: Topic,
  { relation, lateness }: Pick<MetricSelectOptions, "relation" | "lateness">,
): MetricRows {
  const scope = sourceScope(metric.name);
  const aggregates = metricComponents(metric).map((each) => aggregateSql(each, scope));
  const time = `s.${quoteName(topic.time)}`;
  const onTime = onTimeSql(topic.time, metric.graceMs);
  const dimensions = metric.by.map((_, at) => `_d${at}`);
  const grouped = [
    `${millisOf(time)} AS _t`,
    ...metric.by.map(({ value }, at) => `${storedSql(value, scope)} AS _d${at}`),
  ];
  const received = `${millisOf("s.received_at")} AS _r`;
  const where = metric.where === undefined ? [] : [expressionSql(metric.where, scope)];
  const select = (columns: readonly string[], terms: readonly string[]) => {
    return (fromMs: number, toMs: number): string => {
      const range = allOf([`${time} >= ${timeSql(fromMs)}`, `${time} < ${timeSql(toMs)}`]);
      return `SELECT ${columns.join(", ")} FROM ${relation} AS s${whereClause([range, ...terms, ...where])}`;
    };
  };
  const values = aggregates.map(({ argument }, at) => `${argument} AS _v${at}`);
  const masked = aggregates.map(
    ({ argument }, at) => `if(${onTime}, ${argument}, NULL) AS _v${at}`,
  );
  return {
    lateness,
    graceMs: metric.graceMs,
    dimensions,
    aggregates,
    key: keySql(metric.name, metric.by, dimensions),
    counted: select([...grouped, ...values], lateness === "all" ? [] : [onTime]),
    marked: select([...grouped, ...masked, received, `NOT (${onTime}) AS _late`], []),
    late: select([...grouped, received], [`NOT (${onTime})`]),
  };
}
