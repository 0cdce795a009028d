import { componentsOf } from "../../plan/measure.ts";
import type { MetricNode } from "../../plan/nodes.ts";
import { metricMeaning } from "../../plan/plan-json.ts";
import type { Topic } from "../../plan/topic.ts";
import { metricColumns, type MetricColumn } from "./metric-columns.ts";
import { measureSql } from "./quotient.ts";
import { quoteName } from "./sql-text.ts";
import { DEDUPLICATION_WINDOW } from "./topic-table.ts";

/** Names of the tables of one meaning of a metric, and of the view that serves the current one. */
export interface MetricTableNames {
  readonly closed: string;
  readonly open: string;
  readonly view: string;
}

/** `<metric>__<meaning8>`, `<metric>__<meaning8>__open`, `<metric>`. */
export function metricTableNames(metric: MetricNode): MetricTableNames {
  const closed = `${metric.name}__${metricMeaning(metric).slice(0, 8)}`;
  return { closed, open: `${closed}__open`, view: metric.name };
}

/** Whether a table holds rows of some meaning of a metric, and which. */
export function meaningOfTable(metric: string, table: string): string | undefined {
  if (!table.startsWith(`${metric}__`)) return undefined;
  return /^([0-9a-f]{8})(__open)?$/.exec(table.slice(metric.length + 2))?.[1];
}

export interface MetricTableOptions {
  /** Days after which closed rows leave, counted from their window's start. Never, when absent. */
  readonly retentionDays?: number;
}

/**
 * Statements that make the two tables of a metric's meaning, each of which may be repeated. Closed
 * rows are a time series in a plain MergeTree; open ones change often and stay few, in a
 * ReplacingMergeTree, from which rows of windows that closed long ago leave by themselves.
 */
export function metricTables(
  metric: MetricNode,
  topic: Topic,
  options: MetricTableOptions = {},
): readonly string[] {
  const names = metricTableNames(metric);
  const columns = metricColumns(metric, topic.layout).map(columnSql).join(",\n  ");
  const dedup = `non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`;
  const ttl = (days: number): string => `TTL toDateTime(\`window_end\`) + toIntervalDay(${days})`;
  return [
    [
      `CREATE TABLE IF NOT EXISTS ${quoteName(names.closed)} (\n  ${columns}\n)`,
      "ENGINE = MergeTree",
      "PARTITION BY toYYYYMM(`window_start`)",
      "ORDER BY (`window_start`, `key`)",
      ...(options.retentionDays === undefined ? [] : [ttl(options.retentionDays)]),
      `SETTINGS ${dedup}`,
    ].join("\n"),
    [
      `CREATE TABLE IF NOT EXISTS ${quoteName(names.open)} (\n  ${columns}\n)`,
      "ENGINE = ReplacingMergeTree(`version`)",
      "ORDER BY (`window_start`, `key`)",
      // What is open now is newer: a window stays open for its grace, a session for its gap.
      ttl(
        OPEN_DAYS +
          (metric.window.kind === "session" ? Math.ceil(metric.window.gapMs / DAY_MS) : 0),
      ),
      `SETTINGS ${dedup}`,
    ].join("\n"),
  ];
}

/** Days after which rows of windows that were open leave: their closed rows have long replaced them. */
const OPEN_DAYS = 7;
const DAY_MS = 86_400_000;

const columnSql = ({ name, type }: MetricColumn): string => {
  const codec = type.startsWith("DateTime64") ? "Delta, ZSTD(1)" : "ZSTD(1)";
  return `${quoteName(name)} ${type} CODEC(${codec})`;
};

/**
 * The newest stored row of each (key, window_start): the columns of `metricColumns`, deleted ones
 * included. A condition on `window_start`, `key` or a dimension reaches the tables.
 */
export function newestRows(metric: MetricNode, topic: Topic, where = ""): string {
  const names = metricTableNames(metric);
  const columns = metricColumns(metric, topic.layout);
  const group = columns.filter(isGrouped).map(({ name }) => quoteName(name));
  const picked = columns.filter((column) => !isGrouped(column));
  const all = columns.map(({ name }) => quoteName(name)).join(", ");
  const filter = where === "" ? "" : ` WHERE ${where}`;
  const sources = [names.closed, names.open]
    .map((table) => `SELECT ${all} FROM ${quoteName(table)}${filter}`)
    .join(" UNION ALL ");
  const tuple = picked.map(({ name }) => quoteName(name)).join(", ");
  const newest = `SELECT ${group.join(", ")}, argMax(tuple(${tuple}), (\`generation\`, \`version\`)) AS _row FROM (${sources}) GROUP BY ${group.join(", ")}`;
  const shown = columns.map((column) => {
    const name = quoteName(column.name);
    return isGrouped(column) ? name : `_row.${picked.indexOf(column) + 1} AS ${name}`;
  });
  return `SELECT ${shown.join(", ")} FROM (${newest})`;
}

/** Dimensions are what the key says: to group by them too changes nothing but what filters reach. */
const isGrouped = ({ name, role }: MetricColumn): boolean =>
  role === "dimension" || name === "key" || name === "window_start";

/**
 * The view that serves a metric: its newest rows without the deleted ones, `avg` and `ratio`
 * divided. To replace it is the switch from one meaning to another.
 */
export function metricView(metric: MetricNode, topic: Topic): string {
  const dimensions = metric.by.map(({ name }) => quoteName(name));
  const measures = metric.measures.map((measure) => {
    const components = componentsOf(measure);
    const value = measureSql(components, ({ name }) => `r.${quoteName(name)}`);
    return `${value} AS ${quoteName(measure.name)}`;
  });
  const columns = [
    "`key`",
    "`window_start`",
    "`window_end`",
    ...dimensions,
    ...measures,
    "`incomplete`",
    "`closed`",
    "`late_pending`",
    "`generation`",
    "`version`",
  ];
  return `CREATE OR REPLACE VIEW ${quoteName(metric.name)} AS\nSELECT ${columns.join(", ")}\nFROM (${newestRows(metric, topic)}) AS r\nWHERE NOT \`deleted\``;
}
