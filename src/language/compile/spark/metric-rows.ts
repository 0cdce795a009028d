import { metricComponents } from "../../plan/metric-row.ts";
import type { MetricNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { ROW_FLAGS } from "../../schema/layout.ts";
import { aggregateSql, type AggregateSql } from "../sql/aggregate.ts";
import { expressionSql, sourceScope, storedSql } from "../sql/expression.ts";
import { keySql } from "../sql/key.ts";
import { quoteName, whereClause } from "../sql/sql-text.ts";
import { SPARK } from "./dialect.ts";

/** Which rows of a metric a SELECT gives, and from what. */
export interface MetricSelectOptions {
  /** A table, a view or a subquery in brackets, with the topic's columns. */
  readonly relation: string;
  /** `on-time`: what the stream counts. `all`: late, imported and replayed events too. */
  readonly lateness: "on-time" | "all";
  /** Windows that start in [fromMs, toMs); without it, all there are. */
  readonly range?: MetricRange;
  /** Only windows whose last moment (session: last event + gap) is at most this, ms. */
  readonly endedByMs?: number;
  /** Only these keys (canonical texts). */
  readonly keys?: readonly string[];
}

export interface MetricRange {
  readonly fromMs: number;
  readonly toMs: number;
  /**
   * Sessions only: events are read before this time (ms), which must be more than a gap after the
   * last event of every session that starts before `toMs`.
   */
  readonly readToMs?: number;
}

/** Events that are read, by their time, ms; a bound that isn't there doesn't bound. */
export interface EventRange {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/**
 * The rows of a metric's source as the windowing reads them: `_t` (ms), `_r` (received, ms), `_late`,
 * `_d0 …` (dimensions) and `_v0 …` (arguments of aggregates; of late rows null).
 */
export interface MetricRows {
  readonly graceMs: number;
  readonly isMarked: boolean;
  readonly dimensions: readonly string[];
  readonly aggregates: readonly AggregateSql[];
  /** SQL of the canonical key, over the dimensions. */
  readonly key: string;
  /** Rows that count and, where late ones aren't among them, the late ones, marked. */
  readonly all: (range: EventRange) => string;
  /** Rows that count. */
  readonly counted: (range: EventRange) => string;
  /** Late rows alone; none where they count. */
  readonly late: (range: EventRange) => string;
}

/** The predicate of an event that is on time (design §3.4), over the alias `s`. */
export function onTimeSql(timePath: string, graceMs: number): string {
  const time = SPARK.millis(`s.${quoteName(timePath)}`);
  return `(s.\`_flags\` & ${ROW_FLAGS.imported}) = 0 AND ${SPARK.millis("s.`received_at`")} <= ${time} + ${graceMs}`;
}

/** What the windows of a metric are made of. */
export function metricRows(
  metric: MetricNode,
  topic: Topic,
  { relation, lateness }: Pick<MetricSelectOptions, "relation" | "lateness">,
): MetricRows {
  const scope = sourceScope(SPARK, metric.name);
  const aggregates = metricComponents(metric).map((each) => aggregateSql(each, scope));
  const time = `s.${quoteName(topic.time)}`;
  const [t, r] = [SPARK.millis(time), SPARK.millis("s.`received_at`")];
  const onTime = onTimeSql(topic.time, metric.graceMs);
  const isMarked = lateness === "on-time";
  const masked = (argument: string): string =>
    isMarked ? `CASE WHEN ${onTime} THEN ${argument} END` : argument;
  const columns = [
    `${t} AS _t`,
    `${r} AS _r`,
    `${isMarked ? `NOT (${onTime})` : "FALSE"} AS _late`,
    ...metric.by.map(({ value }, at) => `${storedSql(value, scope)} AS _d${at}`),
    ...aggregates.map(({ argument }, at) => `${masked(argument)} AS _v${at}`),
  ];
  const where = metric.where === undefined ? [] : [expressionSql(metric.where, scope)];
  const select =
    (terms: readonly string[]) =>
    ({ fromMs, toMs }: EventRange): string => {
      const bounds = [
        ...(fromMs === undefined ? [] : [`${time} >= ${SPARK.time(fromMs)}`]),
        ...(toMs === undefined ? [] : [`${time} < ${SPARK.time(toMs)}`]),
      ];
      return `SELECT ${columns.join(", ")} FROM ${relation} AS s${whereClause([...bounds, ...terms, ...where])}`;
    };
  const dimensions = metric.by.map((_, at) => `_d${at}`);
  return {
    graceMs: metric.graceMs,
    isMarked,
    dimensions,
    aggregates,
    key: keySql(SPARK, metric.name, metric.by, dimensions),
    all: select([]),
    counted: select(isMarked ? [onTime] : []),
    late: select(isMarked ? [`NOT (${onTime})`] : ["FALSE"]),
  };
}
