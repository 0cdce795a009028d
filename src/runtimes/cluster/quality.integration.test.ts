/** Events through all roles, and what ledger, quarantine and trace tell of them afterwards. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { engineSuite } from "../../../engines/engine-test.ts";
import type { LedgerReport } from "../../process/quality/ledger.ts";
import type { QuarantineList } from "../../process/quality/quarantine-list.ts";
import type { Trace } from "../../process/quality/trace.ts";
import { S3Client } from "../../storage/lake/s3/s3-client.ts";
import { KafkaClient } from "../../storage/log/kafka/kafka-client.ts";
import {
  startWarehouse,
  type WarehouseProcess,
} from "../../storage/warehouse/embedded/start-warehouse.ts";
import { MILLRACE } from "../embedded/running.fixture.ts";
import { startReplica, type Replica } from "./replica.fixture.ts";

const timeout = 400_000;
const run = promisify(execFile);
const EVENTS = 60;
const AGAIN = 25;
const ENGINES = ["kafka", "registry", "s3"] as const;

await engineSuite("ledger and trace of a cluster", ENGINES, ({ kafka, registry, s3 }) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-quality-"));
  const prefix = `q${process.pid}-${Date.now().toString(36)}`;
  const config = join(folder, "cluster.json");
  const bucket = { ...s3, bucket: prefix, pathStyle: true };
  const replicas = new Map<string, Replica>();
  let server: WarehouseProcess | undefined;

  const start = async (role: string): Promise<void> =>
    void replicas.set(role, await startReplica({ config, role, data: join(folder, role) }));
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${replicas.get("serve")!.url}${path}`);
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return JSON.parse(text) as T;
  };
  const post = async (body: string): Promise<void> => {
    const headers = { authorization: "Bearer dev" };
    const url = `${replicas.get("collect")!.url}/v1/events?topic=user-events`;
    await (await fetch(url, { method: "POST", headers, body })).arrayBuffer();
  };

  before(
    async () => {
      const keys = { adminKey: "admin", pipelineKey: "pipeline" };
      server = await startWarehouse({ dataDir: join(folder, "warehouse"), ...keys });
      const { url, database } = server;
      const warehouse = { url, database, user: "pipeline", key: "pipeline" };
      const places = { kafka, registry, s3: bucket, warehouse };
      writeFileSync(
        config,
        JSON.stringify({ ...places, streams: { emitMs: 200 }, prefix, partitions: 2 }),
      );
      const client = new S3Client(bucket);
      await client.put("", new Uint8Array());
      client.close();
      await start("collect"); // it makes the topics
      await Promise.all(["load", "lake", "stream", "serve"].map(start));
    },
    { timeout },
  );
  after(async () => {
    for (const replica of replicas.values()) await replica.stop();
    await server?.stop();
    const client = new KafkaClient(kafka, prefix);
    const own = (await client.topics()).filter((name) => name.startsWith(prefix));
    await client.deleteTopics(own);
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe("ledger and trace of a cluster", () => {
    const views = Array.from({ length: EVENTS }, (_, index) => ({
      event_id: randomUUID(),
      user_id: `user-${index % 7}`,
      event_type: "page_view",
      timestamp: new Date().toISOString(),
      properties: { page_url: "https://shop.example/" },
    }));
    const broken = {
      ...views[0]!,
      event_id: randomUUID(),
      event_type: "purchase",
      properties: { price: "-1.00", currency: "EUR" },
    };
    const from = Date.now() - 60_000;

    test("the ledger says what became of everything", { timeout }, async () => {
      await post(JSON.stringify(views));
      await post(JSON.stringify(views.slice(0, AGAIN)));
      await post(JSON.stringify([broken]));
      await post("{no JSON");
      const report = await until(async () => {
        const found = await ask<LedgerReport>(`/v1/ledger?topic=user-events&from=${from}`);
        const { partitions, minutes } = found;
        const isSettled = partitions.every(({ settled }) => settled.load && settled.lake);
        const came = minutes.reduce((sum, minute) => sum + minute.in, 0);
        return isSettled && came >= EVENTS + AGAIN + 2 ? found : undefined;
      });
      const total = (name: "in" | "accepted" | "duplicate" | "quarantined" | "refused"): number =>
        report.minutes.reduce((sum, minute) => sum + minute[name], 0);
      assert.deepEqual(
        {
          in: total("in"),
          accepted: total("accepted"),
          duplicate: total("duplicate"),
          quarantined: total("quarantined"),
          refused: total("refused"),
        },
        {
          in: EVENTS + AGAIN + 2,
          accepted: EVENTS,
          duplicate: AGAIN,
          quarantined: 1,
          refused: 1,
        },
      );
      assert.equal(report.balanced, true, JSON.stringify(report));
      const inLake = report.partitions.reduce((sum, { lake }) => sum + lake, 0);
      assert.equal(inLake, EVENTS);
    });

    test("the quarantine gives back every byte", { timeout }, async () => {
      const { items, next } = await ask<QuarantineList>("/v1/quarantine?topic=user-events");
      assert.deepEqual(
        items.map(({ event_id, reason, rule, text }) => ({ event_id, reason, rule, text })),
        [
          {
            event_id: broken.event_id,
            reason: "RULE_BROKEN",
            rule: "positive-price",
            text: JSON.stringify(broken),
          },
        ],
      );
      assert.equal(next, null);
      const none = await ask<QuarantineList>(`/v1/quarantine?after=${items[0]!.id}`);
      assert.deepEqual(none.items, []);
    });

    test("a trace finds an event in Kafka, warehouse and lake", { timeout }, async () => {
      const { status, accepted } = await ask<Trace>(`/v1/trace/${views[3]!.event_id}`);
      assert.equal(status, "accepted");
      const own = accepted.find(({ topic }) => topic === "user-events")!;
      assert.deepEqual(own.warehouse, { loaded: true, rows: 1 });
      assert.equal((own.event as { readonly user_id: string }).user_id, views[3]!.user_id);
      assert.equal(own.lake.covered, true);
      assert.equal(own.lake.files.length, 1);
      assert.match(own.lake.files[0]!, /^s3:\/\//);
      assert.ok(own.windows!.some(({ metric }) => metric === "page-view-counts"));
      const kept = await ask<Trace>(`/v1/trace/${broken.event_id}`);
      assert.deepEqual([kept.status, kept.quarantined.length], ["quarantined", 1]);
      assert.equal((await ask<Trace>("/v1/trace/nobody")).status, "unknown");
    });

    test("the commands show the same", { timeout }, async () => {
      const { url } = replicas.get("serve")!;
      const shown = async (...args: readonly string[]): Promise<string> =>
        (await run(process.execPath, [MILLRACE, ...args, "--url", url])).stdout;
      const iso = new Date(from).toISOString();
      assert.match(await shown("ledger", "--from", iso), /balanced: every event is accounted for/);
      assert.match(await shown("quarantine", "list"), /RULE_BROKEN/);
      const { status } = JSON.parse(await shown("trace", views[3]!.event_id)) as Trace;
      assert.equal(status, "accepted");
    });
  });
});

/** What `look` gives at last; the test's own time limit ends it. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
