import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { engineSuite } from "./engine-test.ts";
import { openFlinkSession } from "./flink.fixture.ts";

await engineSuite("Flink", ["flink"], ({ flink }, cluster) => {
  test("a query is answered, and again after its TaskManager was killed", async () => {
    const session = await openFlinkSession(flink.gatewayUrl, { "execution.runtime-mode": "batch" });
    const query = "SELECT SUM(x) FROM (VALUES (1), (2), (3)) AS t(x)";
    assert.deepEqual((await session.run(query)).rows, [[6]]);
    await cluster.kill("flink-taskmanager");
    await cluster.startAgain("flink-taskmanager");
    assert.deepEqual((await session.run(query)).rows, [[6]]);
  });

  test("a killed JobManager takes its job up again from the last checkpoint", async () => {
    const session = await openFlinkSession(flink.gatewayUrl, {
      "execution.checkpointing.interval": "500 ms",
    });
    await session.run(
      "CREATE TABLE a (x INT) WITH ('connector' = 'datagen', 'rows-per-second' = '1')",
    );
    await session.run("CREATE TABLE b (x INT) WITH ('connector' = 'blackhole')");
    const { job } = await session.run("INSERT INTO b SELECT x FROM a");
    assert.ok(job !== undefined);
    const url = `${flink.restUrl}/jobs/${job}`;
    await until(`${url}/checkpoints`, ({ latest }) => latest?.completed);
    await cluster.kill("flink-jobmanager");
    await cluster.startAgain("flink-jobmanager");
    await until(`${url}/checkpoints`, ({ latest }) => latest?.restored);
    assert.equal((await fetch(url, { method: "PATCH" })).status, 202);
    await until(url, ({ state }) => state === "CANCELED");
  });
});

interface FlinkAnswer {
  readonly state?: string;
  readonly latest?: { readonly completed?: object; readonly restored?: object };
}

/** Asks until the answer is good; the test's own time limit ends it otherwise. */
async function until(url: string, isGood: (answer: FlinkAnswer) => unknown): Promise<void> {
  for (;;) {
    const answer = await fetch(url);
    if (answer.ok && isGood((await answer.json()) as FlinkAnswer)) return;
    await delay(100);
  }
}
