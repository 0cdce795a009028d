import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, afterEach, before, describe, it } from "node:test";
import { MillraceError } from "../../../core/errors.ts";
import { clickHouseWarehouse } from "../clickhouse-warehouse.ts";
import type { Warehouse } from "../warehouse.ts";
import { startWarehouse, type WarehouseOptions, type WarehouseProcess } from "./start-warehouse.ts";

const KEYS = { adminKey: "admin-key", pipelineKey: "pipeline-key" };

describe("supervision of the warehouse's process", () => {
  let dir: string;
  const running: WarehouseProcess[] = [];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "millrace-supervision-"));
  });
  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop();
  });
  after(() => rm(dir, { recursive: true, force: true }));

  async function start(
    name: string,
    more: Partial<WarehouseOptions> = {},
  ): Promise<WarehouseProcess> {
    const started = await startWarehouse({
      dataDir: join(dir, name),
      database: "shop",
      ...KEYS,
      ...more,
    });
    running.push(started);
    return started;
  }

  function connect(started: WarehouseProcess): Warehouse {
    return clickHouseWarehouse({
      url: started.url,
      database: "shop",
      user: "pipeline",
      key: "pipeline-key",
    });
  }

  it("keeps data and port over kill -9, and tells of it", async () => {
    const told = Promise.withResolvers<void>();
    const started = await start("killed", { onRestart: () => told.resolve() });
    const { port, pid } = started;
    const warehouse = connect(started);
    await warehouse.command("CREATE TABLE kept (a Int64) ENGINE = MergeTree ORDER BY a");
    await warehouse.insertRows({ table: "kept", rows: [{ a: 1 }, { a: 2 }] });
    process.kill(pid ?? 0, "SIGKILL");
    await told.promise;
    assert.equal(started.port, port);
    assert.notEqual(started.pid, pid);
    assert.equal(started.restarts, 1);
    assert.equal(await warehouse.queryText("SELECT count() FROM kept"), "2\n");
    await warehouse.close();
  });

  it("says which port is taken, and by which variable to change it", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await assert.rejects(start("taken", { port }), (error) => {
      assert.ok(error instanceof MillraceError);
      assert.equal(error.code, "PORT_TAKEN");
      assert.match(error.message, new RegExp(String(port)));
      assert.match(error.hint ?? "", /MILLRACE_CLICKHOUSE_PORT/);
      return true;
    });
    other.close();
  });

  it("refuses a data folder that another process uses", async () => {
    await start("locked");
    await assert.rejects(start("locked"), (error) => {
      assert.ok(error instanceof MillraceError);
      assert.equal(error.code, "STORAGE_LOCKED", error.message);
      return true;
    });
  });

  it("ends when its parent dies", async () => {
    const source = `
      import { startWarehouse } from ${JSON.stringify(new URL("./start-warehouse.ts", import.meta.url).href)};
      const started = await startWarehouse({ dataDir: ${JSON.stringify(join(dir, "orphan"))}, adminKey: "a", pipelineKey: "p" });
      console.log(started.pid + " " + started.url);
      setInterval(() => {}, 1000);`;
    const file = join(dir, "parent.ts");
    await writeFile(file, source);
    const parent = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
    const url = line.split(" ")[1] ?? "";
    assert.equal((await fetch(`${url}/ping`)).status, 200);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    while (
      await fetch(`${url}/ping`).then(
        () => true,
        () => false,
      )
    );
  });

  it("lets running queries end when it stops", async () => {
    const started = await start("drained");
    const warehouse = connect(started);
    const query = warehouse.queryText(
      "SELECT sum(sleepEachRow(0.1)) FROM numbers(10) SETTINGS max_block_size = 1",
    );
    const seen = "SELECT count() FROM system.processes WHERE query LIKE '%sleepEach%'";
    while ((await warehouse.queryText(seen)) !== "2\n");
    await started.stop();
    assert.equal(await query, "0\n");
    await assert.rejects(warehouse.query("SELECT 1"), { code: "WAREHOUSE_UNAVAILABLE" });
    await warehouse.close();
  });

  it("completes an insert over 60 partitions with a view that was cut by kill -9, exactly once", async () => {
    const restarted: (() => void)[] = [];
    const started = await start("cut", { onRestart: () => restarted.shift()?.() });
    const warehouse = connect(started);
    await warehouse.command(
      "CREATE TABLE events (o UInt64, day UInt16) ENGINE = MergeTree PARTITION BY day ORDER BY o",
    );
    await warehouse.command(
      "CREATE TABLE cube (day UInt16, n UInt64) ENGINE = SummingMergeTree PARTITION BY day ORDER BY day",
    );
    await warehouse.command(
      "CREATE MATERIALIZED VIEW view TO cube AS SELECT day, count() AS n FROM events GROUP BY day",
    );
    const rows = Buffer.alloc(10 * 6_000);
    for (let at = 0; at < 6_000; at++) {
      rows.writeBigUInt64LE(BigInt(at), at * 10);
      rows.writeUInt16LE(at % 60, at * 10 + 8);
    }
    const path = join(dir, "cut.rb");
    await writeFile(path, rows);
    const columns = [
      { name: "o", type: "UInt64" },
      { name: "day", type: "UInt16" },
    ];
    const parts = "SELECT count() FROM system.parts WHERE database = 'shop' AND active";
    let cuts = 0;
    for (let round = 0; round < 2; round++) {
      const insert = { table: "events", path, columns, token: `events:${round}` };
      const before = Number(await warehouse.queryText(parts));
      const again = new Promise<void>((resolve) => restarted.push(resolve));
      const inserted = warehouse.insertFile(insert).then(
        () => true,
        () => false,
      );
      // Some of the partitions are there: the narrow moment.
      while (Number(await warehouse.queryText(parts)) < before + 10 + round * 40);
      process.kill(started.pid ?? 0, "SIGKILL");
      if (!(await inserted)) cuts += 1;
      await again;
      await warehouse.insertFile(insert);
      const figures = await warehouse.queryText(
        "SELECT count(), uniqExact(o), (SELECT sum(n) FROM cube), (SELECT min(s) = max(s) FROM (SELECT sum(n) AS s FROM cube GROUP BY day)) FROM events",
      );
      assert.equal(figures, `${6_000 * (round + 1)}\t6000\t${6_000 * (round + 1)}\t1\n`);
    }
    assert.ok(cuts > 0, "no insert was cut");
    await warehouse.close();
  });
});
