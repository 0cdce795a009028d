import type { Plan } from "../../plan/nodes.ts";
import { topicsOf, type Topic } from "../../plan/topic.ts";
import { cubeTables } from "./cube-tables.ts";
import { metricTables, metricView } from "./metric-tables.ts";
import { modelTable } from "./model-table.ts";
import { newestView } from "./table-view.ts";
import { topicTable } from "./topic-table.ts";
import { unsupported } from "./unsupported.ts";

/** How long the warehouse keeps what, in days; for ever where it isn't said. */
export interface RetentionOptions {
  readonly eventDays?: number;
  readonly metricDays?: number;
}

/** What the warehouse needs, in the order in which it must be made. */
export interface WarehouseSchema {
  /** Tables and their columns: each statement may be repeated, and none takes anything away. */
  readonly tables: readonly string[];
  /** Views that serve metrics: replaced when a meaning is switched to, by backfill. */
  readonly metricViews: ReadonlyMap<string, string>;
}

/** The topic of a name; a plan that was checked has all that its nodes name. */
export function topicNamed(topics: readonly Topic[], name: string): Topic {
  const topic = topics.find((each) => each.name === name);
  if (topic === undefined) throw unsupported(name, "the plan has no topic of this name");
  return topic;
}

/** The statements that bring a plan's tables and views about. Throws `UNSUPPORTED_BY_ENGINE`. */
export function warehouseSchema(plan: Plan, retention: RetentionOptions = {}): WarehouseSchema {
  const topics = topicsOf(plan);
  const of = (name: string): Topic => topicNamed(topics, name);
  const { eventDays, metricDays } = retention;
  const events = eventDays === undefined ? {} : { retentionDays: eventDays };
  const metrics = metricDays === undefined ? {} : { retentionDays: metricDays };
  return {
    tables: [
      // A dimension keeps all of its versions: a model of an old day reads it as it was.
      ...topics.flatMap((each) => topicTable(each, each.node.kind === "table" ? {} : events)),
      ...plan.tables.map((table) => newestView(of(table.name))),
      ...plan.metrics.flatMap((metric) => metricTables(metric, of(metric.from), metrics)),
      ...plan.models.flatMap(modelTable),
      ...plan.cubes.flatMap((cube) => cubeTables(cube, of(cube.from))),
    ],
    metricViews: new Map(
      plan.metrics.map((metric) => [metric.name, metricView(metric, of(metric.from))]),
    ),
  };
}

/** The schema as one text, for people: `millrace compile --to clickhouse`. */
export function clickhouseText(plan: Plan): string {
  const { tables, metricViews } = warehouseSchema(plan);
  return [...tables, ...metricViews.values()].map((sql) => `${sql};\n`).join("\n");
}
