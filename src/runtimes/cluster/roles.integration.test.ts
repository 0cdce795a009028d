/** Two collectors, the gate, the metrics' runner and two loaders: from a POST to the warehouse. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CaseCluster } from "../../../conformance/cluster/records.ts";
import { engineSuite } from "../../../engines/engine-test.ts";
import shop from "../../../examples/shop/pipeline.ts";
import { systemClock } from "../../core/clock.ts";
import type { LakeFile } from "../../storage/lake/lake.ts";
import { S3Client, type S3Connection } from "../../storage/lake/s3/s3-client.ts";
import { openS3LakeReader } from "../../storage/lake/s3/s3-lake-reader.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import {
  startWarehouse,
  type WarehouseProcess,
} from "../../storage/warehouse/embedded/start-warehouse.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { schemaIdOf } from "../../storage/log/kafka/framed-record.ts";
import { startReplica, type Replica } from "./replica.fixture.ts";

const USERS = 40;
const VIEWS = 5;
const timeout = 400_000;

const ENGINES = ["kafka", "registry", "s3", "redis"] as const;

await engineSuite("the roles of a cluster", ENGINES, ({ kafka, registry, s3, redis }) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-cluster-"));
  const prefix = `t${process.pid}-${Date.now().toString(36)}`;
  const config = join(folder, "cluster.json");
  const cases = new CaseCluster({ bootstrap: kafka.bootstrap, registryUrl: registry.url }, prefix);
  const bucket = { ...s3, bucket: prefix, pathStyle: true };
  const replicas: Replica[] = [];
  const loaders: Replica[] = [];
  const lakes: Replica[] = [];
  const startLoader = async (name: string): Promise<void> =>
    void loaders.push(await startReplica({ config, role: "load", data: join(folder, name) }));
  const startLake = async (name: string): Promise<void> =>
    void lakes.push(await startReplica({ config, role: "lake", data: join(folder, name) }));
  let stream: Replica | undefined;
  let server: WarehouseProcess | undefined;
  let warehouse: Warehouse | undefined;

  before(
    async () => {
      const keys = { adminKey: "admin", pipelineKey: "pipeline" };
      server = await startWarehouse({ dataDir: join(folder, "warehouse"), ...keys });
      const place = {
        url: server.url,
        database: server.database,
        user: "pipeline",
        key: "pipeline",
      };
      warehouse = clickHouseWarehouse(place);
      writeFileSync(
        config,
        JSON.stringify({
          kafka,
          registry,
          redis,
          s3: bucket,
          warehouse: place,
          streams: { emitMs: 200 },
          prefix,
          partitions: 3,
        }),
      );
      const collect = (name: string): Promise<Replica> =>
        startReplica({ config, role: "collect", data: join(folder, name) });
      replicas.push(await collect("a")); // it makes the topics
      await Promise.all([
        collect("b").then((replica) => replicas.push(replica)),
        startLoader("load-a"),
        startLoader("load-b"),
        makeBucket(bucket).then(() => startLake("lake-a")),
        startReplica({ config, role: "stream", data: join(folder, "stream") }).then(
          (replica) => (stream = replica),
        ),
      ]);
    },
    { timeout },
  );
  after(async () => {
    for (const replica of [...replicas, ...loaders, ...lakes]) await replica.stop();
    await stream?.stop();
    await warehouse?.close();
    await server?.stop();
    const own = (await cases.client.topics()).filter((name) => name.startsWith(prefix));
    await cases.client.deleteTopics(own);
    await cases.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const post = async (replica: number, events: readonly object[]): Promise<Answer> => {
    const answer = await fetch(`${replicas[replica]!.url}/v1/events?topic=user-events`, {
      method: "POST",
      headers: { authorization: "Bearer dev" },
      body: JSON.stringify(events),
    });
    return (await answer.json()) as Answer;
  };

  describe("the roles of a cluster", () => {
    test("what two of them take twice is counted once", { timeout }, async () => {
      const now = Date.now();
      const events = Array.from({ length: USERS * VIEWS }, (_, index) => ({
        event_id: randomUUID(),
        user_id: `user-${index % USERS}`,
        event_type: "page_view",
        timestamp: new Date(now - (index % 7) * 1_000).toISOString(),
        properties: { page_url: `https://shop.example/${index % 4}` },
      }));
      for (const replica of [0, 1]) {
        const { accepted } = await post(replica, events);
        assert.equal(accepted, events.length);
      }
      const clean = await until(async () => {
        const records = await cases.records(`${prefix}.user-events`);
        const ids = new Set(records.flatMap(({ value }) => idsIn(value, events)));
        return ids.size === events.length ? records : undefined;
      });
      const all = clean.flatMap(({ value }) => idsIn(value, events));
      assert.equal(all.length, events.length, "no event is in the clean topic twice");

      const metric = shop.plan.metrics.find(({ name }) => name === "page-view-counts")!;
      const views = await until(async () => {
        const rows = await cases.rows(metric, prefix);
        const sum = rows.reduce((total, { components }) => total + Number(components[0]), 0);
        return sum >= events.length ? rows : undefined;
      });
      assert.equal(
        views.reduce((total, { components }) => total + Number(components[0]), 0),
        events.length,
      );
      assert.deepEqual(
        [...new Set(views.map(({ key }) => key))].toSorted(),
        [0, 1, 2, 3].map((page) => JSON.stringify([`https://shop.example/${page}`])),
      );
    });

    test("the warehouse has each event once, and the metric's rows", { timeout }, async () => {
      const expected = USERS * VIEWS;
      await until(async () => ((await loaded()).rows >= expected ? true : undefined));
      assert.deepEqual(await loaded(), { rows: expected, ids: expected });
      const views = await until(async () => {
        const [row] = await warehouse!.query<{ views: string }>(
          "SELECT sum(views) AS views FROM `page-view-counts`",
        );
        return Number(row?.views) >= expected ? Number(row?.views) : undefined;
      });
      assert.equal(views, expected);
      const serve = await startReplica({ config, role: "serve", data: join(folder, "serve") });
      const answer = await fetch(`${serve.url}/v1/metrics/page-view-counts?limit=100`);
      const { rows } = (await answer.json()) as { readonly rows: readonly { views: number }[] };
      assert.equal(
        rows.reduce((sum, row) => sum + Number(row.views), 0),
        expected,
      );
      await serve.stop();
    });

    test(
      "loaders that are killed amid their work lose and repeat nothing",
      { timeout },
      async () => {
        const before = (await loaded()).rows;
        for (let round = 0; round < KILLS; round++) {
          const posted = Array.from({ length: 10 }, () => post(round % 2, clicksOf(POSTED)));
          await loaders.shift()!.kill();
          for (const { accepted } of await Promise.all(posted)) assert.equal(accepted, POSTED);
          await startLoader(`load-${round}`);
        }
        const expected = before + KILLS * 10 * POSTED;
        await until(async () => ((await loaded()).rows >= expected ? true : undefined));
        assert.deepEqual(await loaded(), { rows: expected, ids: expected });
      },
    );

    test("the lake has each event once, though a writer is killed", { timeout }, async () => {
      await startLake("lake-b");
      await lakes.shift()!.kill();
      const { rows: expected } = await loaded();
      const reader = openS3LakeReader(bucket, systemClock);
      try {
        const files = await until(async () => {
          const found = await reader.files({ topic: "user-events" });
          return rowsOf(found) >= expected ? found : undefined;
        });
        assert.equal(rowsOf(files), expected);
        const ranges = files.map(
          ({ partition, from, to, date }) => `${date} ${partition} ${from}-${to}`,
        );
        assert.equal(new Set(ranges).size, files.length);
      } finally {
        reader.close();
      }
    });

    test("what breaks a rule is kept with its bytes and the reason", { timeout }, async () => {
      const event = {
        event_id: randomUUID(),
        user_id: "u",
        event_type: "purchase",
        timestamp: new Date().toISOString(),
        properties: { price: "-1.00", currency: "EUR" },
      };
      const { results } = await post(0, [event]);
      assert.deepEqual([results[0]!.status, results[0]!.reason], ["quarantined", "RULE_BROKEN"]);
      const [kept] = await cases.records(`${prefix}.user-events.quarantine`);
      assert.equal(Buffer.from(kept!.value!).toString(), JSON.stringify(event));
    });

    test("a table's row is known to every collector", { timeout }, async () => {
      const identify = { userId: "known", traits: { country: "DE" }, type: "identify" };
      const answer = await fetch(`${replicas[0]!.url}/v1/identify`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa("dev:")}` },
        body: JSON.stringify({ ...identify, messageId: randomUUID() }),
      });
      assert.equal(answer.status, 200);
      // Each event of somebody unknown breaks the rule; of somebody known it doesn't.
      const broken = async (): Promise<number> => {
        const figures = await (await fetch(`${replicas[1]!.url}/metrics`)).text();
        return Number(/rules_broken_total\{rule="known-user"\} (\d+)/.exec(figures)?.[1] ?? 0);
      };
      await until(async () => {
        const before = await broken();
        const [event] = clicksOf(1);
        await post(1, [{ ...event, user_id: "known" }]);
        return (await broken()) === before ? true : undefined;
      });
    });
  });

  const loaded = async (): Promise<{ readonly rows: number; readonly ids: number }> => {
    const [row] = await warehouse!.query<{ rows: string; ids: string }>(
      "SELECT count() AS rows, uniqExact(event_id) AS ids FROM `user-events`",
    );
    return { rows: Number(row?.rows), ids: Number(row?.ids) };
  };
});

const rowsOf = (files: readonly LakeFile[]): number =>
  files.reduce((sum, { rows }) => sum + rows, 0);

async function makeBucket(connection: S3Connection): Promise<void> {
  const client = new S3Client(connection);
  await client.put("", new Uint8Array());
  client.close();
}

const KILLS = 3;
const POSTED = 300;

const clicksOf = (count: number): readonly object[] =>
  Array.from({ length: count }, (_, index) => ({
    event_id: randomUUID(),
    user_id: `clicker-${index % 50}`,
    event_type: "click",
    timestamp: new Date().toISOString(),
    properties: {},
  }));

interface Answer {
  readonly accepted: number;
  readonly results: readonly { readonly status: string; readonly reason?: string }[];
}

/** Ids of these events that a record has. */
function idsIn(
  value: Uint8Array | null,
  events: readonly { readonly event_id: string }[],
): string[] {
  if (value === null) return [];
  assert.ok(schemaIdOf(value) > 0);
  const text = Buffer.from(value).toString("latin1");
  return events.flatMap(({ event_id: id }) => (text.includes(id) ? [id] : []));
}

/** What `look` gives at last; the test's own time limit ends it. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
