import { metricComponents } from "../../plan/metric-row.ts";
import { typeOf } from "../../plan/expression.ts";
import type { MetricNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import type { Window } from "../../plan/window.ts";
import { isComputed, isExact } from "../exact-digits.ts";
import { aggregateSql, type AggregateSql } from "../sql/aggregate.ts";
import { expressionSql, storedSql, type Scope } from "../sql/expression.ts";
import { finishedColumns, incompleteSql, resultColumns } from "../sql/results.ts";
import { keySql } from "../sql/key.ts";
import { castSql, quoteName, whereClause } from "../sql/sql-text.ts";
import { timestampSql } from "./column-type.ts";
import { FLINK } from "./dialect.ts";
import { flagSql, pathSql, topicScope } from "./source-table.ts";

/** A view of a metric's source, its closed rows, and the statement that fills its topic. */
export interface MetricInsert {
  readonly view: string;
  /** A SELECT of `_key`, `_start`, `_end`, `_d0 …`, `_c0 …`, `_pending`, `_version`. */
  readonly closed: string;
  readonly insert: string;
}

/** What the statements of a metric call what they read, make and fill. */
export interface MetricNames {
  readonly source: string;
  /** The view of what is windowed. */
  readonly events: string;
  readonly sink: string;
}

/**
 * The rows of a metric, each once, when its window closes; of windows that start at `sinceMs` or
 * later, where it is given. Throws `UNSUPPORTED_BY_ENGINE`.
 */
export function metricInsert(
  metric: MetricNode,
  topic: Topic,
  names: MetricNames,
  sinceMs?: number,
): MetricInsert {
  const scope = topicScope(metric.name);
  const aggregates = metricComponents(metric).map((each) => aggregateSql(each, scope));
  const dimensions = metric.by.map((_, at) => `_d${at}`);
  const finished = [
    `${keySql(FLINK, metric.name, metric.by, dimensions)} AS _key`,
    "_start",
    "_end",
    ...dimensions,
    ...finishedColumns(aggregates),
    "_pending",
    "_version",
  ];
  const columns = [
    "'upsert'",
    "_key",
    "_start",
    "_end",
    ...metric.by.map(({ value }, at) =>
      typeOf(value).type.kind === "timestamp" ? timestampSql(`_d${at}`) : `_d${at}`,
    ),
    ...metricComponents(metric).map(({ type }, at) =>
      type.kind === "timestamp" ? timestampSql(`_c${at}`) : `_c${at}`,
    ),
    `COALESCE(${incompleteSql(aggregates)}, FALSE)`,
    "TRUE",
    "_pending",
    castSql("0", "BIGINT"),
    "_version",
  ];
  const rows = sourceRows(metric, topic, names.source, scope, aggregates);
  const windows = windowed(metric, quoteName(names.events), aggregates, sinceMs);
  const closed = `SELECT ${finished.join(", ")}\nFROM (${windows})`;
  return {
    view: `CREATE TEMPORARY VIEW ${quoteName(names.events)} AS\n${rows}`,
    closed,
    // No view: Flink 2.3 forgets the brackets around a session's keys when it reads one again.
    insert: `INSERT INTO ${quoteName(names.sink)}\nSELECT ${columns.join(", ")}\nFROM (${closed})`,
  };
}

/**
 * What the windows are made of: `_t` (ms), `_late`, `_until` (of late ones the least end of a window
 * that they are pending in), `_d0 …`, `_v0 …` (null of late ones). Heartbeats are no events; of late
 * ones only those are there that a window may still count.
 */
function sourceRows(
  metric: MetricNode,
  topic: Topic,
  source: string,
  scope: Scope,
  aggregates: readonly AggregateSql[],
): string {
  const { window, graceMs } = metric;
  const time = `s.${pathSql(topic.time)}`;
  const onTime = `(NOT ${flagSql("imported")} AND s.\`received_at\` <= ${time} + ${graceMs})`;
  const lastEnd = lastEndSql(window, time);
  const columns = [
    "s.`_rowtime` AS _rowtime",
    "s.`_offset` AS _offset",
    `${time} AS _t`,
    ...(lastEnd === undefined ? [] : [`NOT ${onTime} AS _late`]),
    ...(window.kind === "sliding"
      ? [`${timestampSql(`s.\`received_at\` - ${graceMs}`)} AS _until`]
      : []),
    ...metric.by.map(({ name, value }, at) => {
      if (isExact(value) && isComputed(value)) {
        throw FLINK.unsupported(metric.name, `${name} groups by a number that may not fit`);
      }
      return `${storedSql(value, scope)} AS _d${at}`;
    }),
    ...aggregates.map(({ argument }, at) => {
      const counted = lastEnd === undefined ? argument : `CASE WHEN ${onTime} THEN ${argument} END`;
      return `${counted} AS _v${at}`;
    }),
  ];
  const terms = [
    `NOT ${flagSql("heartbeat")}`,
    lastEnd === undefined ? onTime : `${onTime} OR s.\`received_at\` <= ${lastEnd} + ${graceMs}`,
    ...(metric.where === undefined ? [] : [expressionSql(metric.where, scope)]),
  ];
  return `SELECT ${columns.join(", ")}\nFROM ${quoteName(source)} AS s${whereClause(terms)}`;
}

/**
 * The end of the last window that an event is in, ms. A session takes no late events: they would
 * bring it about, or make it longer.
 */
function lastEndSql(window: Window, time: string): string | undefined {
  if (window.kind === "session") return undefined;
  const step = window.kind === "tumbling" ? window.sizeMs : window.everyMs;
  return `${time} - MOD(${time}, ${step}) + ${window.sizeMs}`;
}

/** The windows' contents: `_start`, `_end` (TIMESTAMP(3)), `_d0 …`, `_a0_0 …`, `_pending`, `_version`. */
function windowed(
  metric: MetricNode,
  view: string,
  aggregates: readonly AggregateSql[],
  sinceMs: number | undefined,
): string {
  const { window } = metric;
  const dimensions = metric.by.map((_, at) => `_d${at}`);
  const group = ["window_start", "window_end", ...dimensions].join(", ");
  const results = [...resultColumns(aggregates), "MAX(_offset) + 1 AS _version"];
  if (window.kind === "session") {
    const by = dimensions.length === 0 ? "" : ` PARTITION BY (${dimensions.join(", ")})`;
    const columns = [
      ...dimensions,
      // A session ends for Flink a gap after its last event.
      `${timestampSql("MIN(_t)")} AS _start`,
      `${timestampSql("MAX(_t)")} AS _end`,
      ...results,
      `${castSql("0", "BIGINT")} AS _pending`,
    ];
    const table = `TABLE(SESSION(TABLE ${view}${by}, DESCRIPTOR(_rowtime), ${interval(window.gapMs)}))`;
    // One that starts within a gap of the beginning may be the rest of another.
    const served = sinceMs === undefined ? "" : ` HAVING MIN(_t) > ${sinceMs + window.gapMs}`;
    return `SELECT ${columns.join(", ")} FROM ${table} GROUP BY ${group}${served}`;
  }
  const table =
    window.kind === "tumbling"
      ? `TABLE(TUMBLE(TABLE ${view}, DESCRIPTOR(_rowtime), ${interval(window.sizeMs)}))`
      : `TABLE(HOP(TABLE ${view}, DESCRIPTOR(_rowtime), ${interval(window.everyMs)}, ${interval(window.sizeMs)}))`;
  // A late event in a tumbling window is pending in it, or it wouldn't be there.
  const pending = window.kind === "tumbling" ? "_late" : "_late AND _until <= window_end";
  const columns = [
    ...dimensions,
    "window_start AS _start",
    "window_end AS _end",
    ...results,
    `COUNT(*) FILTER (WHERE ${pending}) AS _pending`,
  ];
  return `SELECT ${columns.join(", ")} FROM ${table} GROUP BY ${group} HAVING COUNT(*) FILTER (WHERE NOT _late) > ${leastOf(sinceMs)}`;
}

/**
 * What a window must have more events of than this to be served. A condition on its start alone would
 * be moved before the windows, which then are made in another way.
 */
const leastOf = (sinceMs: number | undefined): string => {
  if (sinceMs === undefined) return "0";
  const since = timestampSql(castSql(String(sinceMs), "BIGINT"));
  return `CASE WHEN window_start >= ${since} THEN 0 ELSE 9223372036854775807 END`;
};

/** A duration; its leading number may have ten digits at most. */
const interval = (ms: number): string =>
  `INTERVAL '${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, "0")}' SECOND(${String(Math.floor(ms / 1000)).length}, 3)`;
