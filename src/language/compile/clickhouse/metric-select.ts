import { metricComponents } from "../../plan/metric-row.ts";
import type { MetricNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { metricRows, type MetricSelectOptions } from "./metric-rows.ts";
import { quoteName, quoteText } from "./sql-text.ts";
import { alignedWindows } from "./window-aligned.ts";
import { sessionWindows } from "./window-session.ts";

/**
 * A SELECT of the rows of a metric: `key, window_start, window_end`, dimensions, components,
 * `incomplete`, `late_pending`, as `metricColumns` names them. Throws `UNSUPPORTED_BY_ENGINE`.
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
  const components = metricComponents(metric);
  const incomplete = rows.aggregates.flatMap((each, at) => each.incomplete?.(`_a${at}`) ?? []);
  const columns = [
    `${rows.key} AS \`key\``,
    "fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`",
    "fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`",
    ...metric.by.map(({ name }, at) => `_d${at} AS ${quoteName(name)}`),
    ...components.map(
      ({ name }, at) => `${rows.aggregates[at]!.finish(`_a${at}`)} AS ${quoteName(name)}`,
    ),
    `CAST(${incomplete.join(" OR ") || "false"} AS Bool) AS \`incomplete\``,
    "toUInt32(_pending) AS `late_pending`",
  ];
  const keys = options.keys?.map(quoteText);
  const restricted =
    keys === undefined ? "" : ` WHERE ${rows.key} IN (${keys.join(", ") || "NULL"})`;
  return `SELECT ${columns.join(", ")} FROM (${windows})${restricted}`;
}
