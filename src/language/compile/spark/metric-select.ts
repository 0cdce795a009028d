import { metricComponents } from "../../plan/metric-row.ts";
import type { MetricNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { finishedColumns, incompleteSql } from "../sql/results.ts";
import { quoteName } from "../sql/sql-text.ts";
import { quoteText } from "./dialect.ts";
import { metricRows, type MetricSelectOptions } from "./metric-rows.ts";
import { alignedWindows } from "./window-aligned.ts";
import { sessionWindows } from "./window-session.ts";

/**
 * A SELECT of the rows of a metric: `key, window_start, window_end`, dimensions, components,
 * `incomplete`, `late_pending`, as the metric's tables have them. Throws `UNSUPPORTED_BY_ENGINE`.
 */
export function metricSelect(
  metric: MetricNode,
  topic: Topic,
  options: MetricSelectOptions,
): string {
  const rows = metricRows(metric, topic, options);
  const { window } = metric;
  const windows =
    window.kind === "session"
      ? sessionWindows(window, rows, options)
      : alignedWindows(window, rows, options);
  const finished = [
    `${rows.key} AS _key`,
    "_start",
    "_end",
    ...rows.dimensions,
    ...finishedColumns(rows.aggregates),
    "_pending",
  ];
  const columns = [
    "_key AS `key`",
    "TIMESTAMP_MILLIS(_start) AS `window_start`",
    "TIMESTAMP_MILLIS(_end) AS `window_end`",
    ...metric.by.map(({ name }, at) => `_d${at} AS ${quoteName(name)}`),
    ...metricComponents(metric).map(({ name }, at) => `_c${at} AS ${quoteName(name)}`),
    `${incompleteSql(rows.aggregates)} AS \`incomplete\``,
    "CAST(_pending AS BIGINT) AS `late_pending`",
  ];
  const keys = options.keys?.map(quoteText);
  const restricted = keys === undefined ? "" : ` WHERE _key IN (${keys.join(", ") || "NULL"})`;
  return `SELECT ${columns.join(", ")} FROM (SELECT ${finished.join(", ")} FROM (${windows}))${restricted}`;
}
