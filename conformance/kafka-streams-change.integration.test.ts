/**
 * A metric that is added to a running application of Kafka Streams: those that were there go on from
 * their state, the new one serves what it saw whole.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { engineSuite } from "../engines/engine-test.ts";
import { count, event, metric, pipeline, session, t, tumbling } from "../src/index.ts";
import { compileKafkaStreams } from "../src/language/compile/kafka-streams/compile-kafka-streams.ts";
import type { MetricRow } from "../src/language/plan/metric-row.ts";
import type { Plan } from "../src/language/plan/nodes.ts";
import { topicsOf } from "../src/language/plan/topic.ts";
import { FUTURE_MS } from "../src/language/plan/window.ts";
import type { Case, InputRecord } from "./case.ts";
import { logOf } from "./log-of-case.ts";
import { forget, makeRunner, openCluster, untilQuiet } from "./runners/kafka-streams.ts";

const MINUTE_MS = 60_000;
const GAP_MS = 45_000;
const BEGIN_MS = Date.parse("2025-03-10T10:00:00.000Z");
const PARTITIONS = 3;
const MINUTES = 24;

const visits = event(
  "visits",
  { event_id: t.id(), user: t.string(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "user" },
);
const { user } = visits.fields;
const measures = { n: count() };
const window = tumbling("1m");
const minutely = metric("minutely", { from: visits, window, measures });
const daily = metric("daily", { from: visits, by: { user }, window: tumbling("1d"), measures });
const added = metric("added", { from: visits, by: { user }, window, measures });
const sessions = metric("sessions", {
  from: visits,
  by: { user },
  window: session("45s"),
  measures,
});
const name = "changed";
const before = pipeline({ name, events: [visits], metrics: [minutely, daily] }).plan;
const after = pipeline({ name, events: [visits], metrics: [minutely, added, sessions] }).plan;

/** Every partition has an event a minute, half a minute past. */
const input = Array.from({ length: MINUTES * PARTITIONS }, (_, index): InputRecord => {
  const partition = index % PARTITIONS;
  const at = BEGIN_MS + Math.floor(index / PARTITIONS) * MINUTE_MS + MINUTE_MS / 2;
  return {
    partition,
    received_at: new Date(at).toISOString(),
    event: { event_id: `e${index}`, user: `u${partition}`, at: new Date(at).toISOString() },
  };
});

const caseOf = (plan: Plan): Case => ({
  name,
  about: "",
  shows: {},
  plan,
  topics: topicsOf(plan),
  topicsBefore: [],
  input,
  partitions: PARTITIONS,
  expected: [],
  listed: new Set(),
});

await engineSuite("Kafka Streams, a changed definition", ["kafka", "registry"], (addresses) => {
  test("a metric that is added serves the windows that it saw whole", async () => {
    const run = `d${process.pid}-${Date.now().toString(36)}`;
    const folder = mkdtempSync(join(tmpdir(), "millrace-streams-"));
    const cluster = openCluster(addresses, run);
    const of = caseOf({ ...after, metrics: [...after.metrics, ...before.metrics.slice(1)] });
    const { records } = await logOf(of);
    const half = records.length / 2;
    const runnerOf = (plan: Plan): ReturnType<typeof makeRunner> => {
      const compiled = compileKafkaStreams(plan, { namespace: "millrace", prefix: run });
      return makeRunner(run, folder, { ...compiled, gates: [] }, addresses);
    };
    const rowsOf = async (metricName: string): Promise<readonly MetricRow[]> => {
      const found = of.plan.metrics.find((each) => each.name === metricName)!;
      const rows = await cluster.rows(found, run);
      return rows.toSorted((a, b) => a.windowStart - b.windowStart || (a.key < b.key ? -1 : 1));
    };
    let runner = await runnerOf(before);
    try {
      await cluster.prepare(of, run);
      await cluster.produce(of, run, records.slice(0, half));
      await runner.start();
      await untilQuiet(runner);
      await runner.stop();
      assert.equal((await rowsOf("minutely")).length, MINUTES / 2);
      runner = await runnerOf(after);
      await cluster.produce(of, run, records.slice(half));
      await runner.start();
      await untilQuiet(runner);

      const total = await rowsOf("minutely");
      assert.deepEqual(
        total.map((row) => [row.windowStart, row.components[0]]),
        Array.from({ length: MINUTES }, (_, at) => [BEGIN_MS + at * MINUTE_MS, 3n]),
      );
      const since = records[half - 1]!.receivedAt + FUTURE_MS + 1;
      const starts = total.map((row) => row.windowStart).filter((start) => start >= since);
      assert.ok(starts.length > 0);
      assert.deepEqual(
        (await rowsOf("added")).map((row) => [row.windowStart, row.key, row.components[0]]),
        starts.flatMap((start) => [0, 1, 2].map((user) => [start, `["u${user}"]`, 1n])),
      );
      const firsts = records.slice(half).flatMap(({ row }) => Number(row!.values.get("at")));
      assert.deepEqual(
        [...new Set((await rowsOf("sessions")).map((row) => row.windowStart))],
        [...new Set(firsts)].filter((start) => start - GAP_MS > since),
      );
    } finally {
      await runner.stop();
      await forget(cluster, run);
      await cluster.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
