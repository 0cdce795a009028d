import type { MetricNode, Plan } from "../../plan/nodes.ts";
import { topicsOf, type Topic } from "../../plan/topic.ts";
import { cubeTables } from "./cube-tables.ts";
import { metricTables } from "./metric-tables.ts";
import { modelTable } from "./model-table.ts";
import { newestView } from "./table-view.ts";
import { topicTable } from "./topic-table.ts";

/**
 * All statements that bring the warehouse's tables of a plan about and up to date, in order; each
 * may be repeated. The views that serve metrics aren't among them: to make one is a switch.
 */
export function planTables(plan: Plan): readonly string[] {
  const topics = topicsOf(plan);
  const of = topicFinder(topics);
  return [
    ...topics.flatMap((topic) => topicTable(topic)),
    ...topics.filter(({ node }) => node.kind === "table").map(newestView),
    ...plan.metrics.flatMap((metric) => metricTables(metric, of(metric))),
    ...plan.models.flatMap(modelTable),
    ...plan.cubes.flatMap((cube) => cubeTables(cube, of(cube))),
  ];
}

/** Finds the topic that a metric or a cube is made from; the plan has been checked. */
export function topicFinder(topics: readonly Topic[]): (node: Pick<MetricNode, "from">) => Topic {
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  return ({ from }) => byName.get(from)!;
}
