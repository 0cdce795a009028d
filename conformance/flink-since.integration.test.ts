/** A job in Flink that begins amid a log: it serves the windows that it saw whole, and no other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { engineSuite } from "../engines/engine-test.ts";
import { count, event, metric, pipeline, session, sliding, t, tumbling } from "../src/index.ts";
import { topicsOf } from "../src/language/plan/topic.ts";
import { flinkFunctions } from "../src/runtimes/cluster/java-programs.ts";
import type { Case, InputRecord } from "./case.ts";
import { logOf } from "./log-of-case.ts";
import { runFlink } from "./runners/flink.ts";

const MINUTE_MS = 60_000;
const GAP_MS = 45_000;
const BEGIN_MS = Date.parse("2025-03-10T10:00:00.000Z");
const MINUTES = 10;
/** Within a window, and within a gap of an event. */
const SINCE_MS = BEGIN_MS + 4.75 * MINUTE_MS;

const visits = event(
  "visits",
  { event_id: t.id(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "event_id" },
);
const measures = { n: count() };
const metrics = [
  metric("minutely", { from: visits, window: tumbling("1m"), measures }),
  metric("overlapping", { from: visits, window: sliding("2m", "1m"), measures }),
  metric("sessions", { from: visits, window: session("45s"), measures }),
];
const { plan } = pipeline({ name: "since", events: [visits], metrics });

/** An event a minute, half a minute past. */
const times = Array.from({ length: MINUTES }, (_, at) => BEGIN_MS + (at + 0.5) * MINUTE_MS);
const iso = (ms: number): string => new Date(ms).toISOString();
const input = times.map((at, index): InputRecord => ({
  partition: 0,
  received_at: iso(at),
  event: { event_id: `e${index}`, at: iso(at) },
}));
const of: Case = {
  name: "since",
  about: "",
  shows: {},
  plan,
  topics: topicsOf(plan),
  topicsBefore: [],
  input,
  partitions: 1,
  expected: [],
  listed: new Set(),
};

await engineSuite("a job that begins amid a log", ["kafka", "registry", "flink"], (addresses) => {
  test("it serves what it saw whole", async () => {
    const jar = await flinkFunctions(process.env, (text) => void process.stderr.write(`${text}\n`));
    const { records } = await logOf(of);
    const run = `since-${process.pid}-${Date.now()}`;
    const runs = await runFlink(addresses, jar, run, [{ of, records }], { sinceMs: SINCE_MS });
    const startsOf = (name: string): readonly number[] =>
      runs
        .get("since")!
        .all.filter((row) => row["metric"] === name)
        .map((row) => Date.parse(String(row["window_start"])))
        .toSorted((a, b) => a - b);
    const minutes = Array.from({ length: MINUTES }, (_, at) => BEGIN_MS + at * MINUTE_MS);
    const served = minutes.filter((start) => start >= SINCE_MS);
    assert.deepEqual(startsOf("minutely"), served);
    assert.deepEqual(startsOf("overlapping"), served);
    assert.deepEqual(
      startsOf("sessions"),
      times.filter((start) => start > SINCE_MS + GAP_MS),
    );
  });
});
