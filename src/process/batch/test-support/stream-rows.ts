import { metricColumns } from "../../../language/compile/clickhouse/metric-columns.ts";
import { metricSelect } from "../../../language/compile/clickhouse/metric-select.ts";
import { metricTableNames } from "../../../language/compile/clickhouse/metric-tables.ts";
import { quoteName } from "../../../language/compile/clickhouse/sql-text.ts";
import type { MetricNode } from "../../../language/plan/nodes.ts";
import { closedThrough, type BatchContext } from "../batch-context.ts";

/** Writes what the stream would have written for the windows that are closed: generation 0. */
export async function writeStreamRows(
  context: BatchContext,
  metric: MetricNode,
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<void> {
  const topic = context.topics.find(({ name }) => name === metric.from)!;
  const columns = metricColumns(metric, topic.layout).map(({ name }) => name);
  const select = metricSelect(metric, topic, {
    relation: quoteName(topic.name),
    lateness: "on-time",
    ...range,
    readToMs: range.toMs + 86_400_000,
    endedByMs: closedThrough(context, topic.name, metric.graceMs),
  });
  const constants: Record<string, string> = {
    closed: "true",
    deleted: "false",
    generation: "0",
    version: "1",
  };
  const values = columns.map((name) => constants[name] ?? quoteName(name));
  await context.warehouse.command(
    `INSERT INTO ${quoteName(metricTableNames(metric).closed)} (${columns.map(quoteName).join(", ")}) SELECT ${values.join(", ")} FROM (${select})`,
  );
}
