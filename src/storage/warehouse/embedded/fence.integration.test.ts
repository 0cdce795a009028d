import assert from "node:assert/strict";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  hostileTries,
  LEGITIMATE_TRIES,
  type Try,
  type TryTargets,
} from "./fence-tries.fixture.ts";
import { startWarehouse, type WarehouseProcess } from "./start-warehouse.ts";

const SECRET = "the-content-of-the-secret-file";

describe("the fence around outsiders' SQL", () => {
  let dir: string;
  let warehouse: WarehouseProcess;
  let canary: Server;
  let targets: TryTargets;
  let connections = 0;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "millrace-fence-"));
    canary = createServer((_request, response) => response.end(SECRET));
    canary.on("connection", () => (connections += 1));
    await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
    targets = {
      secretFile: join(dir, "secret.txt"),
      newFile: join(dir, "made-by-a-query.csv"),
      address: `127.0.0.1:${(canary.address() as AddressInfo).port}`,
    };
    await writeFile(targets.secretFile, SECRET);
    warehouse = await startWarehouse({
      dataDir: join(dir, "data"),
      database: "shop",
      adminKey: "admin-key",
      pipelineKey: "pipeline-key",
    });
    for (const sql of SETUP) {
      const answer = await send({ sql }, "pipeline");
      assert.equal(answer.status, 200, answer.body);
    }
  });

  after(async () => {
    await warehouse.stop();
    canary.close();
    await rm(dir, { recursive: true, force: true });
  });

  async function send(each: Try, user = "admin"): Promise<{ status: number; body: string }> {
    const url = new URL(warehouse.url);
    for (const [name, value] of Object.entries(each.settings ?? {}))
      url.searchParams.set(name, value);
    for (const [name, value] of Object.entries(each.params ?? {})) {
      url.searchParams.set(`param_${name}`, value);
    }
    if (each.database !== undefined) url.searchParams.set("database", each.database);
    const response = await fetch(url, {
      method: "POST",
      body: each.sql,
      headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": `${user}-key` },
    });
    return { status: response.status, body: await response.text() };
  }

  it("refuses every hostile statement, with a ClickHouse error", async () => {
    const tries = hostileTries(targets);
    assert.ok(tries.length >= 60);
    const through: string[] = [];
    for (const each of tries) {
      const { status, body } = await send(each);
      const refused = status >= 400 && /^Code: \d+\. DB::Exception: .+/s.test(body);
      if (!refused || body.includes(SECRET))
        through.push(`${JSON.stringify(each)} → ${status} ${body}`);
    }
    assert.deepEqual(through, []);
  });

  it("leaves files, addresses, tables and settings as they were", async () => {
    await assert.rejects(access(targets.newFile));
    assert.equal(connections, 0);
    const counted = await send({ sql: "SELECT count() FROM events" });
    assert.equal(counted.body, "3\n");
    const limit = await send({
      sql: "SELECT getSetting('max_execution_time'), getSetting('readonly')",
    });
    assert.equal(limit.body, "30\t2\n");
    const names = await send({
      sql: "SELECT name FROM system.tables WHERE database = 'shop' ORDER BY 1",
    });
    assert.equal(names.body, "events\ntotals\n");
  });

  it("answers every legitimate statement", async () => {
    assert.ok(LEGITIMATE_TRIES.length >= 25);
    const failed: string[] = [];
    for (const each of LEGITIMATE_TRIES) {
      const { status, body } = await send(each);
      if (status !== 200) failed.push(`${JSON.stringify(each)} → ${status} ${body}`);
    }
    assert.deepEqual(failed, []);
  });

  it("shows readers their own database and the engine's, no other", async () => {
    const { body } = await send({ sql: "SHOW DATABASES" });
    assert.ok(body.split("\n").includes("shop"));
    assert.ok(!body.includes("other"));
  });

  it("refuses a wrong key, an unknown user and no user at all", async () => {
    for (const headers of [
      { "X-ClickHouse-User": "admin", "X-ClickHouse-Key": "wrong" },
      { "X-ClickHouse-User": "admin" },
      { "X-ClickHouse-User": "nobody", "X-ClickHouse-Key": "admin-key" },
      { Authorization: "Basic YWRtaW46d3Jvbmc=" },
      {},
    ]) {
      const response = await fetch(`${warehouse.url}/?query=SELECT+1`, {
        headers: headers as Record<string, string>,
      });
      const body = await response.text();
      assert.equal(response.status, 403, body);
      assert.equal(response.headers.get("x-clickhouse-exception-code"), "516");
      assert.match(body, /^Code: 516\. DB::Exception: .*AUTHENTICATION_FAILED/);
    }
  });
});

const SETUP = [
  "CREATE TABLE events (event_id String, user_id String, event_type LowCardinality(String), timestamp DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY (event_type, timestamp)",
  "INSERT INTO events VALUES ('a', 'u', 'page_view', '2026-01-01 00:00:00'), ('b', 'u', 'purchase', '2026-01-01 00:01:00'), ('c', 'v', 'page_view', '2026-01-01 00:02:00')",
  "CREATE TABLE totals (user_id String, total Decimal(18, 4)) ENGINE = ReplacingMergeTree ORDER BY user_id",
  "INSERT INTO totals VALUES ('u', 12.5), ('v', 3)",
  "CREATE DATABASE other",
  "CREATE TABLE other.secrets (secret String) ENGINE = MergeTree ORDER BY secret",
  "INSERT INTO other.secrets VALUES ('the-content-of-the-secret-file')",
];
