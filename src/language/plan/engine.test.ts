import assert from "node:assert/strict";
import { test } from "node:test";
import { anomaly, count, event, metric, pipeline, t, tumbling } from "../../index.ts";
import { checkPlan } from "./check/check-plan.ts";
import { engineOf, planFor } from "./engine.ts";
import type { Plan } from "./nodes.ts";
import { anomalyMeaning, metricMeaning, parsePlan, serialisePlan } from "./plan-json.ts";

const visits = event(
  "visits",
  { event_id: t.id(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "event_id" },
);
const options = { from: visits, window: tumbling("1m"), measures: { n: count() } } as const;
const unnamed = metric("minutely", options);
const named = metric("minutely", { ...options, on: "flink" });
// @ts-expect-error: no engine that computes metrics
metric("minutely", { ...options, on: "spark" });

test("an engine is part of the plan, and no part of a metric's meaning", () => {
  const { plan } = pipeline({ name: "test", events: [visits], metrics: [named] });
  const [again] = parsePlan(serialisePlan(plan)).metrics;
  assert.deepEqual([engineOf(again!), engineOf(unnamed.node)], ["flink", "kafka-streams"]);
  assert.equal(metricMeaning(named.node), metricMeaning(unnamed.node));
  const watched = { history: 10 };
  assert.equal(
    anomalyMeaning(anomaly("odd", { on: named.measures.n, ...watched }).node, named.node),
    anomalyMeaning(anomaly("odd", { on: unnamed.measures.n, ...watched }).node, unnamed.node),
  );
});

test("each metric is one engine's, with the anomalies that watch it", () => {
  const other = metric("other", options);
  const { plan } = pipeline({
    name: "test",
    events: [visits],
    metrics: [named, other],
    alerts: [
      anomaly("odd", { on: named.measures.n, history: 10 }),
      anomaly("strange", { on: other.measures.n, history: 10 }),
    ],
  });
  const namesOf = ({ metrics, anomalies }: Plan): readonly string[] =>
    [...metrics, ...anomalies].map(({ name }) => name);
  assert.deepEqual(namesOf(planFor("flink", plan)), ["minutely", "odd"]);
  assert.deepEqual(namesOf(planFor("kafka-streams", plan)), ["other", "strange"]);
});

test("an engine that a plan's JSON names must be there", () => {
  const { plan } = pipeline({ name: "test", events: [visits], metrics: [named] });
  const text = serialisePlan(plan).replace('"flink"', '"storm"');
  assert.deepEqual(
    checkPlan(parsePlan(text)).map(({ node, field }) => [node, field]),
    [["metric minutely", "on"]],
  );
});
