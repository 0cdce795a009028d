/** A replica that runs Kafka Streams: its Java process is killed, then the replica itself. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CaseCluster } from "../../../conformance/cluster/records.ts";
import { engineSuite } from "../../../engines/engine-test.ts";
import { childrenOf, isRunning } from "../../../engines/process-identity.ts";
import { loadDefinition } from "../definition/load-definition.ts";
import { startReplica, type Replica } from "./replica.fixture.ts";

const timeout = 450_000;
const VIEWS = 50;

const DEFINITION = `
import { count, event, metric, pipeline, t, tumbling } from "millrace";
const visits = event(
  "visits",
  { event_id: t.id(), page: t.string(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "event_id" },
);
const { page } = visits.fields;
const views = metric("views", { from: visits, by: { page }, window: tumbling("1h"), measures: { n: count() } });
export default pipeline({ name: "streamed", events: [visits], metrics: [views] });
`;

await engineSuite("the role stream", ["kafka", "registry"], ({ kafka, registry }) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-stream-"));
  const prefix = `s${process.pid}-${Date.now().toString(36)}`;
  const config = join(folder, "cluster.json");
  const definition = join(folder, "pipeline.ts");
  const cases = new CaseCluster({ bootstrap: kafka.bootstrap, registryUrl: registry.url }, prefix);
  const start = (role: string): Promise<Replica> =>
    startReplica({ config, role, data: join(folder, role), definition });
  let collect: Replica | undefined;
  let stream: Replica | undefined;
  let posted = 0;

  before(
    async () => {
      const streams = { emitMs: 200, threads: 2, javaFlags: ["-XX:TieredStopAtLevel=1"] };
      writeFileSync(definition, DEFINITION);
      writeFileSync(config, JSON.stringify({ kafka, registry, streams, prefix, partitions: 3 }));
      collect = await start("collect");
      stream = await start("stream");
    },
    { timeout },
  );
  after(
    async () => {
      await collect?.stop();
      await stream?.stop();
      const own = (await cases.client.topics()).filter((name) => name.startsWith(prefix));
      await cases.client.deleteTopics(own);
      await cases.close();
      rmSync(folder, { recursive: true, force: true });
    },
    { timeout },
  );

  const post = async (): Promise<void> => {
    const events = Array.from({ length: VIEWS }, (_, index) => ({
      event_id: randomUUID(),
      page: `page-${index % 4}`,
      at: new Date().toISOString(),
    }));
    const answer = await fetch(`${collect!.url}/v1/events?topic=visits`, {
      method: "POST",
      headers: { authorization: "Bearer dev" },
      body: JSON.stringify(events),
    });
    assert.equal(((await answer.json()) as { accepted: number }).accepted, VIEWS);
    posted += VIEWS;
  };
  const allCounted = async (): Promise<void> => {
    const [metric] = (await loadDefinition(definition)).metrics;
    const counted = await until(async () => {
      const rows = await cases.rows(metric!, prefix);
      const sum = rows.reduce((total, { components }) => total + Number(components[0]), 0);
      return sum >= posted ? sum : undefined;
    });
    assert.equal(counted, posted);
  };
  /** The sum of a figure over its labels. */
  const figure = async (name: string): Promise<number> => {
    const text = await (await fetch(`${stream!.url}/metrics`)).text();
    const found = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))];
    return found.reduce((sum, [, value]) => sum + Number(value), 0);
  };
  const isReady = async (): Promise<boolean> => (await fetch(`${stream!.url}/readyz`)).ok;

  describe("the role stream", () => {
    test("a runner that was killed is started again", { timeout }, async () => {
      await until(async () => ((await isReady()) ? true : undefined));
      await post();
      await allCounted();
      assert.equal(await figure("millrace_streams_starts_total"), 1);
      assert.ok((await figure("millrace_streams_records_total")) > 0);
      const [java] = childrenOf(stream!.pid);
      await post();
      process.kill(java!.pid, "SIGKILL");
      await post();
      await allCounted();
      assert.equal(await figure("millrace_streams_starts_total"), 2);
    });

    test("a replica that was killed takes its runner with it", { timeout }, async () => {
      const [java] = childrenOf(stream!.pid);
      await post();
      await stream!.kill();
      stream = await start("stream");
      await post();
      await allCounted();
      assert.equal(isRunning(java!), false);
    });

    test("a replica that is stopped leaves nothing behind", { timeout }, async () => {
      const [java] = childrenOf(stream!.pid);
      await stream!.stop();
      assert.equal(isRunning(java!), false);
    });
  });
});

/** What `look` gives at last; the test's own time limit ends it. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
