import {
  meaningOfTable,
  metricTableNames,
  metricView,
} from "../../language/compile/clickhouse/metric-tables.ts";
import {
  planTables,
  topicFinder,
  type RetentionOptions,
} from "../../language/compile/clickhouse/plan-tables.ts";
import { topicRetention } from "../../language/compile/clickhouse/topic-table.ts";
import type { MetricNode, Plan } from "../../language/plan/nodes.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";

/** What bringing the tables up to date found. */
export interface AppliedTables {
  /** Metrics that are served by another meaning than the plan's: to be backfilled, then switched. */
  readonly toBackfill: readonly MetricNode[];
}

/**
 * Brings the warehouse's tables of a plan about and up to date, and makes the view of each metric
 * that has none. A view that serves another meaning stays until that one's backfill is done.
 */
export async function applyTables(
  plan: Plan,
  warehouse: Warehouse,
  retention: RetentionOptions = {},
): Promise<AppliedTables> {
  for (const statement of planTables(plan, retention)) await warehouse.command(statement);
  await applyRetention(plan, warehouse, retention);
  const of = topicFinder(topicsOf(plan));
  const views = await warehouse.query<{ name: string; create_table_query: string }>(
    "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() AND engine = 'View'",
  );
  const served = new Map(views.map((view) => [view.name, view.create_table_query]));
  const toBackfill: MetricNode[] = [];
  for (const metric of plan.metrics) {
    const view = served.get(metric.name);
    if (view === undefined) await warehouse.command(metricView(metric, of(metric)));
    else if (!servesMeaning(view, metric)) toBackfill.push(metric);
  }
  return { toBackfill };
}

/** Whether a view reads the tables of this meaning; the text of a meaning is in its table names. */
function servesMeaning(view: string, metric: MetricNode): boolean {
  const { closed } = metricTableNames(metric);
  const meaning = meaningOfTable(metric.name, closed)!;
  return view.includes(`${metric.name}__${meaning}`);
}

/** Changes how long the tables of events keep their rows, where that differs from the setting. */
async function applyRetention(
  plan: Plan,
  warehouse: Warehouse,
  { eventDays }: RetentionOptions,
): Promise<void> {
  const tables = await warehouse.query<{ name: string; engine_full: string }>(
    "SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()",
  );
  const kept = new Map(
    tables.map((table) => [
      table.name,
      /TTL .*toIntervalDay\((\d+)\)/.exec(table.engine_full)?.[1],
    ]),
  );
  for (const topic of topicsOf(plan)) {
    const isTable = topic.node.kind === "table";
    const wanted = isTable || eventDays === undefined ? undefined : String(eventDays);
    if (kept.get(topic.name) === wanted) continue;
    const options = wanted === undefined ? {} : { retentionDays: Number(wanted) };
    await warehouse.command(topicRetention(topic, options));
  }
}
