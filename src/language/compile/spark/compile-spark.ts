import type { Plan } from "../../plan/nodes.ts";
import { topicsOf, type Topic } from "../../plan/topic.ts";
import { quoteName } from "../sql/sql-text.ts";
import { cubeSelect } from "./cube-select.ts";
import { SPARK, SPARK_SETTINGS } from "./dialect.ts";
import { filesView } from "./files-view.ts";
import { metricSelect } from "./metric-select.ts";
import { modelSelect } from "./model-select.ts";
import { ruleSelect } from "./rule-select.ts";

/**
 * What Spark computes of a plan, over all of its lake, as one text for people: `millrace compile
 * --to spark`. A file of it runs with `spark-sql -f`; `lake` is where the topics' folders are.
 */
export function sparkText(plan: Plan, lake = "lake"): string {
  const topics = topicsOf(plan);
  const of = (name: string): Topic => topicNamed(topics, name);
  const view = (name: string, select: string): string =>
    `CREATE OR REPLACE TEMPORARY VIEW ${quoteName(name)} AS\n${select}`;
  const statements = [
    ...Object.entries(SPARK_SETTINGS).map(([name, value]) => `SET ${name} = ${value}`),
    ...topics.map(({ name, layout }) => filesView(name, layout, `${lake}/${name}/*`)),
    ...plan.metrics.map((metric) =>
      view(
        metric.name,
        metricSelect(metric, of(metric.from), {
          relation: quoteName(metric.from),
          lateness: "all",
        }),
      ),
    ),
    ...plan.models.map((model) => {
      const topic = topics.find(({ name }) => name === model.from);
      const table = model.join?.table;
      return view(
        model.name,
        modelSelect(model, {
          relation: quoteName(model.from),
          ...(topic && { topic }),
          ...(table !== undefined && {
            joined: { topic: of(table), relation: quoteName(table) },
          }),
        }),
      );
    }),
    ...plan.cubes.map((cube) =>
      view(cube.name, cubeSelect(cube, of(cube.from), { relation: quoteName(cube.from) })),
    ),
    ...plan.rules.map((rule) =>
      view(rule.name, ruleSelect(rule, of(rule.on), { relation: quoteName(rule.on) })),
    ),
  ];
  return statements.map((sql) => `${sql};\n`).join("\n");
}

/** The topic of a name; a plan that was checked has all that its nodes name. */
function topicNamed(topics: readonly Topic[], name: string): Topic {
  const topic = topics.find((each) => each.name === name);
  if (topic === undefined) throw SPARK.unsupported(name, "the plan has no topic of this name");
  return topic;
}
