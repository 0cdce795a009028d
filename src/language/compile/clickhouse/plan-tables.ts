import type { MetricNode, Plan } from "../../plan/nodes.ts";
import { topicsOf, type Topic } from "../../plan/topic.ts";
import { cubeTables } from "./cube-tables.ts";
import { metricTables } from "./metric-tables.ts";
import { modelTable } from "./model-table.ts";
import { newestView } from "./table-view.ts";
import { topicTable } from "./topic-table.ts";
import { unsupported } from "./unsupported.ts";

/** How long the warehouse keeps what, in days; for ever where it isn't said. */
export interface RetentionOptions {
  readonly eventDays?: number;
  readonly metricDays?: number;
}

/**
 * All statements that bring the warehouse's tables of a plan about and up to date, in order; each
 * may be repeated. The views that serve metrics aren't among them: to make one is a switch.
 */
export function planTables(
  plan: Plan,
  { eventDays, metricDays }: RetentionOptions = {},
): readonly string[] {
  const topics = topicsOf(plan);
  const of = topicFinder(topics);
  return [
    // A dimension keeps all of its versions: a model of an old day reads it as it was.
    ...topics.flatMap((topic) =>
      topicTable(topic, topic.node.kind === "table" ? {} : keptFor(eventDays)),
    ),
    ...topics.filter(({ node }) => node.kind === "table").map(newestView),
    ...plan.metrics.flatMap((metric) => metricTables(metric, of(metric), keptFor(metricDays))),
    ...plan.models.flatMap(modelTable),
    ...plan.cubes.flatMap((cube) => cubeTables(cube, of(cube))),
  ];
}

const keptFor = (retentionDays: number | undefined): { readonly retentionDays?: number } =>
  retentionDays === undefined ? {} : { retentionDays };

/** Finds the topic that a metric or a cube is made from; the plan has been checked. */
export function topicFinder(topics: readonly Topic[]): (node: Pick<MetricNode, "from">) => Topic {
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  return ({ from }) => byName.get(from)!;
}

/** The topic of a name; a plan that was checked has all that its nodes name. */
export function topicNamed(topics: readonly Topic[], name: string): Topic {
  const topic = topics.find((each) => each.name === name);
  if (topic === undefined) throw unsupported(name, "the plan has no topic of this name");
  return topic;
}
