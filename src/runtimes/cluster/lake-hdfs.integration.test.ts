/** The role `lake`, its files in HDFS. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { engineSuite } from "../../../engines/engine-test.ts";
import { systemClock } from "../../core/clock.ts";
import { HdfsClient } from "../../storage/lake/hdfs/hdfs-client.ts";
import { openHdfsLakeReader } from "../../storage/lake/hdfs/hdfs-lake.ts";
import { KafkaClient } from "../../storage/log/kafka/kafka-client.ts";
import { startReplica, type Replica } from "./replica.fixture.ts";

const timeout = 300_000;
const VISITS = 60;

const DEFINITION = `
import { event, pipeline, t } from "millrace";
const visits = event(
  "visits",
  { event_id: t.id(), page: t.string(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "event_id" },
);
export default pipeline({ name: "stored", events: [visits] });
`;

await engineSuite("a lake on HDFS", ["kafka", "registry", "hdfs"], ({ kafka, registry, hdfs }) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-lake-hdfs-"));
  const prefix = `h${process.pid}-${Date.now().toString(36)}`;
  const config = join(folder, "cluster.json");
  const definition = join(folder, "pipeline.ts");
  const place = { ...hdfs, path: `/lakes/${prefix}` };
  const replicas: Replica[] = [];
  const start = async (role: string): Promise<Replica> => {
    const replica = await startReplica({ config, role, data: join(folder, role), definition });
    replicas.push(replica);
    return replica;
  };

  before(() => {
    const streams = { emitMs: 200, javaFlags: ["-XX:TieredStopAtLevel=1"] };
    const file = { kafka, registry, hdfs: place, streams, prefix, partitions: 2 };
    writeFileSync(definition, DEFINITION);
    writeFileSync(config, JSON.stringify(file));
  });
  after(
    async () => {
      for (const replica of replicas) await replica.stop();
      const client = new KafkaClient(kafka, prefix);
      const own = (await client.topics()).filter((name) => name.startsWith(prefix));
      await client.deleteTopics(own);
      await client.close();
      const store = new HdfsClient({ ...hdfs, path: "/lakes" });
      await store.removeFolder(prefix);
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
    { timeout },
  );

  describe("a lake on HDFS", () => {
    test("has each event once, in whole files", { timeout }, async () => {
      const collect = await start("collect");
      await Promise.all([start("stream"), start("lake")]);
      const events = Array.from({ length: VISITS }, (_, index) => ({
        event_id: randomUUID(),
        page: `page-${index % 4}`,
        at: new Date().toISOString(),
      }));
      const answer = await fetch(`${collect.url}/v1/events?topic=visits`, {
        method: "POST",
        headers: { authorization: "Bearer dev" },
        body: JSON.stringify(events),
      });
      assert.equal(((await answer.json()) as { accepted: number }).accepted, VISITS);
      const reader = openHdfsLakeReader(place, systemClock);
      const store = new HdfsClient(place);
      try {
        for (;;) {
          const files = await reader.files({ topic: "visits" });
          const rows = files.reduce((sum, file) => sum + file.rows, 0);
          assert.ok(rows <= VISITS);
          if (rows < VISITS) {
            await new Promise((resolve) => setTimeout(resolve, 300));
            continue;
          }
          for (const { path, bytes } of files) {
            const stored = await store.get(path.slice(store.url("").length));
            assert.equal(stored!.length, bytes);
            assert.equal(stored!.subarray(-4).toString(), "PAR1");
          }
          return;
        }
      } finally {
        reader.close();
        store.close();
      }
    });
  });
});
