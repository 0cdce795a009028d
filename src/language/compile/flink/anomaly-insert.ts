import { componentsOf } from "../../plan/measure.ts";
import { metricComponents } from "../../plan/metric-row.ts";
import type { AnomalyNode, MetricNode } from "../../plan/nodes.ts";
import { anomalyMeaning } from "../../plan/plan-json.ts";
import { castSql, quoteName } from "../sql/sql-text.ts";
import { timestampSql } from "./column-type.ts";
import { FLINK, quoteText } from "./dialect.ts";

/** The function of `java/flink-functions`, under this name. */
const ANOMALY = "millrace_anomaly";

/** Makes the functions known that SQL lacks; `jar` is a URL that the gateway can read. */
export const functionStatements = (jar: string): readonly string[] => [
  `CREATE TEMPORARY SYSTEM FUNCTION IF NOT EXISTS ${ANOMALY} AS 'millrace.flink.Anomaly' LANGUAGE JAVA USING JAR ${quoteText(jar)}`,
];

/** A view of the values that an anomaly watches, and the statement that fills its topic of alerts. */
export function anomalyInsert(
  anomaly: AnomalyNode,
  metric: MetricNode,
  closed: string,
  names: { readonly values: string; readonly sink: string },
): { readonly view: string; readonly insert: string } {
  const { window } = metric;
  if (window.kind === "session" && metric.by.length > 1) {
    const reason = `a view of ${metric.name}'s sessions, which have several dimensions, can't be read`;
    throw FLINK.unsupported(anomaly.name, reason);
  }
  const everyMs =
    window.kind === "session" ? 0 : window.kind === "tumbling" ? window.sizeMs : window.everyMs;
  const columns = [
    "_key",
    `${millis("_start")} AS _start`,
    `${millis("_end")} AS _end`,
    `${valueSql(anomaly, metric)} AS _value`,
    "_version",
  ];
  const double = (value: number): string => castSql(quoteText(String(value)), "DOUBLE");
  const call = [
    `\`windows\` => TABLE ${quoteName(names.values)} PARTITION BY _key`,
    `\`history\` => ${anomaly.history}`,
    `\`threshold\` => ${double(anomaly.threshold)}`,
    `\`floor\` => ${double(anomaly.floor)}`,
    `\`warmUp\` => ${anomaly.warmUp}`,
    `\`everyMs\` => ${castSql(String(everyMs), "BIGINT")}`,
    `\`meaning\` => ${quoteText(anomalyMeaning(anomaly, metric))}`,
    `\`uid\` => ${quoteText(`_${names.sink.replaceAll(/[^A-Za-z0-9_-]/g, "-")}`)}`,
  ];
  const alert = [
    "id",
    ...[anomaly.name, metric.name, anomaly.measure].map(quoteText),
    "_key",
    timestampSql("window_start"),
    timestampSql("window_end"),
    ...["`value`", "`median`", "spread", "score", "version"],
  ];
  return {
    view: `CREATE TEMPORARY VIEW ${quoteName(names.values)} AS\nSELECT ${columns.join(", ")}\nFROM (${closed})`,
    insert: `INSERT INTO ${quoteName(names.sink)}\nSELECT ${alert.join(", ")}\nFROM ${ANOMALY}(${call.join(", ")})`,
  };
}

/** Milliseconds of a TIMESTAMP(3) in UTC. */
const millis = (timestamp: string): string =>
  `(1000 * CAST(TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', ${timestamp}) AS BIGINT) + EXTRACT(MILLISECOND FROM ${timestamp}))`;

/** The measure as a DOUBLE; null where it is null or can't be divided. */
function valueSql({ measure, name }: AnomalyNode, metric: MetricNode): string {
  const own = metric.measures.find((each) => each.name === measure);
  if (own === undefined) {
    throw FLINK.unsupported(name, `${metric.name} has no measure ${measure}`);
  }
  const [first, second] = componentsOf(own);
  const all = metricComponents(metric);
  const value = (component: string): string =>
    castSql(`_c${all.findIndex((each) => each.name === component)}`, "DOUBLE");
  return second === undefined
    ? value(first!.name)
    : `(CASE WHEN ${value(second.name)} <> 0 THEN ${value(first!.name)} / ${value(second.name)} END)`;
}
