import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import shop from "../../../../examples/shop/pipeline.ts";
import { topicsOf } from "../../plan/topic.ts";
import { sparkText } from "./compile-spark.ts";
import { metricSelect } from "./metric-select.ts";
import { unmatchedSelect } from "./model-select.ts";

const { plan } = shop;
const topics = topicsOf(plan);
const DAY = Date.parse("2026-03-09T00:00:00Z");
const RANGE = { fromMs: DAY, toMs: DAY + 86_400_000 };

/** What is compiled for people, and what is run over a day, each statement under a heading. */
function statements(): string {
  const parts: [string, string][] = [["all", sparkText(plan)]];
  for (const metric of plan.metrics) {
    const topic = topics.find(({ name }) => name === metric.from)!;
    const select = metricSelect(metric, topic, {
      relation: "events",
      lateness: "on-time",
      range: { ...RANGE, readToMs: RANGE.toMs + 86_400_000 },
      endedByMs: RANGE.toMs,
      keys: ['["it\'s"]'],
    });
    parts.push([`${metric.name}, on-time`, select]);
  }
  for (const model of plan.models) {
    const topic = topics.find(({ name }) => name === model.from);
    const joined = topics.find(({ name }) => name === model.join?.table);
    const unmatched = unmatchedSelect(model, {
      relation: "events",
      range: RANGE,
      ...(topic && { topic }),
      ...(joined && { joined: { topic: joined, relation: "versions" } }),
    });
    if (unmatched !== undefined) parts.push([`${model.name}, unmatched`, unmatched]);
  }
  return parts.map(([heading, sql]) => `-- ${heading}\n${sql}\n`).join("\n");
}

/** To accept a change: `UPDATE_GOLDEN=1 node --test golden.test.ts`, then read the difference. */
test("the shop's SQL for Spark is what was accepted", async () => {
  const file = new URL("golden/shop.sql", import.meta.url);
  const text = statements();
  if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(file, text);
  assert.equal(text, await readFile(file, "utf8"));
});
