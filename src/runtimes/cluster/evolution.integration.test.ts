/**
 * A definition changes while events come in: the new one is deployed, then replica after replica is
 * replaced, collectors first, so that all others meet records of a schema that they weren't started
 * with. Nothing is lost, counted twice, or without the values that its collector knew.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { sendTo } from "../../../conformance/whole/doors.ts";
import { CaseCluster } from "../../../conformance/cluster/records.ts";
import { engineSuite } from "../../../engines/engine-test.ts";
import { systemClock } from "../../core/clock.ts";
import { S3Client } from "../../storage/lake/s3/s3-client.ts";
import { openS3LakeReader } from "../../storage/lake/s3/s3-lake-reader.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import {
  startWarehouse,
  type WarehouseProcess,
} from "../../storage/warehouse/embedded/start-warehouse.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { MILLRACE } from "../embedded/running.fixture.ts";
import { startReplica, type Replica } from "./replica.fixture.ts";

const timeout = 450_000;
const BATCH = 20;
const PAUSE_MS = 100;
const run = promisify(execFile);

/** The first version has no `note`; the third makes `amount` a text. */
const definition = (version: 1 | 2 | 3): string => `
import { count, event, metric, pipeline, stream, sum, t, tumbling } from "millrace";
const visits = event(
  "visits",
  {
    event_id: t.id(),
    user: t.string(),
    at: t.timestamp(),
    amount: ${version === 3 ? "t.string()" : "t.integer()"},
    ${version === 1 ? "" : "note: t.string().optional(),"}
  },
  { id: "event_id", time: "at", key: "user" },
);
const { user, amount } = visits.fields;
const by_user = metric("by-user", {
  from: visits,
  by: { user },
  window: tumbling("5s"),
  measures: { visits: count(), ${version === 3 ? "" : "total: sum(amount)"} },
  grace: "1m",
});
${
  version === 1
    ? ""
    : `const by_note = metric("by-note", {
  from: visits,
  by: { note: visits.fields.note },
  window: tumbling("5s"),
  measures: { visits: count() },
  grace: "1m",
});`
}
export default pipeline({
  name: "evolving",
  events: [visits],
  metrics: [by_user, ${version === 1 ? "" : "by_note"}],
});
`;

await engineSuite("a change of a definition", ["kafka", "registry", "s3"], (engines) => {
  const { kafka, registry, s3 } = engines;
  const folder = mkdtempSync(join(tmpdir(), "millrace-evolution-"));
  const prefix = `evolve${process.pid}-${Date.now().toString(36)}`;
  const config = join(folder, "cluster.json");
  const bucket = { ...s3, bucket: prefix, pathStyle: true };
  const cases = new CaseCluster({ bootstrap: kafka.bootstrap, registryUrl: registry.url }, prefix);
  const replicas = new Map<string, Replica>();
  let server: WarehouseProcess | undefined;
  let warehouse: Warehouse | undefined;

  const fileOf = (version: 1 | 2 | 3): string => join(folder, `v${version}.ts`);
  const start = async (role: string, name: string, version: 1 | 2): Promise<void> => {
    const data = join(folder, `${role}-${name}`);
    const replica = await startReplica({ config, role, data, definition: fileOf(version) });
    replicas.set(`${role} ${name}`, replica);
  };
  /** Ends a replica as an upgrade does, and starts the second version in its place. */
  const replace = async (role: string, name: string): Promise<void> => {
    await replicas.get(`${role} ${name}`)!.stop();
    await start(role, name, 2);
    process.stderr.write(`  ${role} ${name} is of the second version\n`);
  };
  const deploy = (version: 1 | 2 | 3) =>
    run(process.execPath, [MILLRACE, "deploy", fileOf(version), "--cluster", config]);

  before(
    async () => {
      for (const version of [1, 2, 3] as const) writeFileSync(fileOf(version), definition(version));
      const keys = { adminKey: "admin", pipelineKey: "pipeline" };
      server = await startWarehouse({ dataDir: join(folder, "warehouse"), ...keys });
      const { url, database } = server;
      const place = { url, database, user: "pipeline", key: "pipeline" };
      warehouse = clickHouseWarehouse(place);
      const own = { s3: bucket, warehouse: place, streams: { emitMs: 300 }, prefix, partitions: 2 };
      writeFileSync(config, JSON.stringify({ kafka, registry, ...own }));
      const client = new S3Client(bucket);
      await client.put("", new Uint8Array());
      client.close();
      await deploy(1);
      await Promise.all([
        start("collect", "a", 1),
        start("collect", "b", 1),
        start("stream", "a", 1),
        start("load", "a", 1),
        start("load", "b", 1),
        start("lake", "a", 1),
      ]);
    },
    { timeout },
  );
  after(async () => {
    await Promise.all([...replicas.values()].map((replica) => replica.stop()));
    await warehouse?.close();
    await server?.stop();
    const own = (await cases.client.topics()).filter((name) => name.startsWith(prefix));
    await cases.client.deleteTopics(own);
    await cases.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const numberOf = async (sql: string): Promise<number> =>
    Number((await warehouse!.query<{ n: string }>(sql))[0]!.n);

  describe("a change of a definition", () => {
    test("is rolled out while events come in", { timeout }, async () => {
      const traffic = startTraffic(() =>
        ["collect a", "collect b"].flatMap((name) => replicas.get(name)?.url ?? []),
      );
      const visits = "SELECT count() AS n FROM visits";
      await until(async () => (await numberOf(visits)) > 100);

      await assert.rejects(deploy(3), /SCHEMA_INCOMPATIBLE/);
      await deploy(2);
      await replace("collect", "a");
      await replace("collect", "b");
      // Loaders and the gate are still those of the first version.
      await until(async () => (await numberOf(`${visits} WHERE note = 'seen'`)) > 100);
      await replace("load", "a");
      await replace("stream", "a");
      await replace("lake", "a");
      await replace("load", "b");
      const before = await numberOf(visits);
      await until(async () => (await numberOf(visits)) > before + 100);
      const sent = await traffic.stop();

      await until(async () => (await numberOf(visits)) >= sent);
      assert.equal(await numberOf("SELECT uniqExact(event_id) AS n FROM visits"), sent);
      assert.equal(await numberOf(visits), sent);
      const unseen = `${visits} WHERE note IS NULL AND position(_undeclared, '"note":"seen"') = 0`;
      assert.equal(await numberOf(unseen), 0, "each event has its note, declared or not");

      // The new metric begins with windows that it sees from their start: minutes from now.
      const counted = "SELECT sum(visits) AS n FROM `by-user` FINAL";
      await until(async () => (await numberOf(counted)) >= sent);
      assert.equal(await numberOf(counted), sent);
      await until(async () => (await rowsInLake()) >= sent);
      assert.equal(await rowsInLake(), sent);
    });
  });

  async function rowsInLake(): Promise<number> {
    const reader = openS3LakeReader(bucket, systemClock);
    try {
      const files = await reader.files({ topic: "visits" });
      return files.reduce((sum, { rows }) => sum + rows, 0);
    } finally {
      reader.close();
    }
  }
});

/** Sends events until it is told to stop; then gives how many were taken. */
function startTraffic(urls: () => readonly string[]) {
  let isStopped = false;
  let sent = 0;
  const door = { name: "the collectors", urls };
  const sending = (async () => {
    for (let turn = 0; !isStopped; turn++) {
      const lines = Array.from({ length: BATCH }, (_, index) =>
        JSON.stringify({
          event_id: `visit-${sent + index}`,
          user: `user-${index % 7}`,
          at: new Date().toISOString(),
          amount: 1,
          note: "seen",
        }),
      );
      await sendTo(door, "visits", lines.join("\n"), turn);
      sent += BATCH;
      await sleep(PAUSE_MS);
    }
  })();
  return {
    stop: async (): Promise<number> => {
      isStopped = true;
      await sending;
      return sent;
    },
  };
}

/** Waits until something is so; the test's own time limit ends it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(500);
}
