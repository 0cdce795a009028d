import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import shop from "../../../../examples/shop/pipeline.ts";
import { topicsOf } from "../../plan/topic.ts";
import { clickhouseText } from "./compile-clickhouse.ts";
import { cubeStageInsert } from "./cube-tables.ts";
import { amendInsert } from "./metric-difference.ts";
import { metricSelect } from "./metric-select.ts";
import { modelSelect, unmatchedSelect } from "./model-select.ts";
import { topicNamed } from "./plan-tables.ts";
import { ruleSelect } from "./rule-select.ts";

const { plan } = shop;
const topics = topicsOf(plan);
const DAY = Date.parse("2026-03-09T00:00:00Z");
const RANGE = { fromMs: DAY, toMs: DAY + 86_400_000 };

/** Everything that is run over a day of the shop, each statement under a heading. */
function statements(): string {
  const parts: [string, string][] = [["schema", clickhouseText(plan)]];
  for (const metric of plan.metrics) {
    const topic = topicNamed(topics, metric.from);
    const options = { relation: "events", ...RANGE, readToMs: RANGE.toMs + 86_400_000 };
    for (const lateness of ["on-time", "all"] as const) {
      parts.push([
        `${metric.name}, ${lateness}`,
        metricSelect(metric, topic, { ...options, lateness }),
      ]);
    }
    if (metric.window.kind === "sliding") continue;
    const all = { ...options, lateness: "all" } as const;
    const computed = `(${metricSelect(metric, topic, all)})`;
    const amended = { ...all, computed, endedByMs: DAY, writeGeneration: 7 };
    parts.push([`${metric.name}, amended`, amendInsert(metric, topic, amended)]);
  }
  for (const model of plan.models) {
    const topic = topics.find((each) => each.name === model.from);
    const joined = topics.find((each) => each.name === model.join?.table);
    const options = {
      relation: "source",
      ...RANGE,
      ...(topic && { topic }),
      ...(joined && { joined }),
    };
    parts.push([model.name, modelSelect(model, options)]);
    const unmatched = unmatchedSelect(model, options);
    if (unmatched !== undefined) parts.push([`${model.name}, unmatched`, unmatched]);
  }
  for (const rule of plan.rules) {
    const options = { relation: "events", ...RANGE };
    parts.push([rule.name, ruleSelect(rule, topicNamed(topics, rule.on), options)]);
  }
  for (const cube of plan.cubes) {
    parts.push([cube.name, cubeStageInsert(cube, topicNamed(topics, cube.from), RANGE)]);
  }
  return parts.map(([heading, sql]) => `-- ${heading}\n${sql}\n`).join("\n");
}

/** To accept a change: `UPDATE_GOLDEN=1 node --test golden.test.ts`, then read the difference. */
test("the shop's SQL is what was accepted", async () => {
  const file = new URL("golden/shop.sql", import.meta.url);
  const text = statements();
  if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(file, text);
  assert.equal(text, await readFile(file, "utf8"));
});
