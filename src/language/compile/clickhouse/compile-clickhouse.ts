import type { Plan } from "../../plan/nodes.ts";
import { topicsOf } from "../../plan/topic.ts";
import { metricView } from "./metric-tables.ts";
import { planTables, topicFinder } from "./plan-tables.ts";

/** A plan's schema as one text, for people: `millrace compile --to clickhouse`. */
export function clickhouseText(plan: Plan): string {
  const of = topicFinder(topicsOf(plan));
  const views = plan.metrics.map((metric) => metricView(metric, of(metric)));
  return [...planTables(plan), ...views].map((sql) => `${sql};\n`).join("\n");
}
