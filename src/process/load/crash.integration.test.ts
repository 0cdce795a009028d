import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { systemClock } from "../../core/clock.ts";
import { openEmbeddedLake } from "../../storage/lake/embedded/embedded-lake.ts";
import { quotedTable } from "../../storage/warehouse/statements.ts";
import type { LoadChildOrder } from "./test-support/load-child.ts";
import { inWarehouse, madeOf, ShopLog, TOPIC } from "./test-support/shop-log.ts";
import { startShopWarehouse, type ShopWarehouse } from "./test-support/shop-warehouse.ts";

const CHILD = fileURLToPath(new URL("./test-support/load-child.ts", import.meta.url));

let shop: ShopWarehouse;
before(async () => {
  shop = await startShopWarehouse();
});
after(() => shop.dispose());

async function rowsNow(): Promise<number> {
  const sql = `SELECT count() AS n FROM ${quotedTable(TOPIC.name)}`;
  const [row] = await shop.warehouse.query<{ n: string }>(sql);
  return Number(row!.n);
}

/** Runs a child to its end; `onReached` is called when it says that it is at its point. */
async function run(order: LoadChildOrder, onReached = (_: number): void => {}): Promise<string> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.on("data", () => onReached(child.pid!));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once("exit", (...end) => resolve(end));
  });
  return signal ?? String(code);
}

for (const at of [
  "between-intent-and-insert",
  "inside-insert",
  "between-insert-and-commit",
  "between-commit-and-report",
]) {
  test(`the loader killed ${at.replaceAll("-", " ")}, three times: once in table and cube`, async () => {
    const dir = await shop.fresh();
    const log = new ShopLog(dir);
    log.add(6, 500, { layoutId: 1, months: 6 });
    log.add(6, 500, { layoutId: 2, months: 6 });
    log.log.close();
    const order = { dir, url: shop.child.url, work: "load", at, nth: 1, then: "die" } as const;
    for (let time = 0; time < 3; time++) assert.equal(await run(order), "SIGKILL");
    assert.equal(await run({ ...order, at: "never" }), "0");
    assert.deepEqual(await inWarehouse(shop.warehouse), { table: log.made, cube: log.made });
  });
}

test("the warehouse killed inside an insert, three times: once in table and cube", async () => {
  const dir = await shop.fresh();
  const log = new ShopLog(dir);
  log.add(9, 400, { months: 50 });
  log.log.close();
  const order = { dir, url: shop.child.url, work: "load", at: "inside-insert", nth: 1 } as const;
  for (let time = 1; time <= 3; time++) {
    const before = await rowsNow();
    const killed = Promise.withResolvers<void>();
    const end = await run({ ...order, then: "tell" }, (loader) => {
      void (async () => {
        // Some of the fifty monthly partitions have their rows, the others not yet.
        while ((await rowsNow()) === before);
        killed.resolve(shop.kill());
        // The first two times the loader dies with it.
        if (time < 3) process.kill(loader, "SIGKILL");
      })();
    });
    assert.equal(end, time < 3 ? "SIGKILL" : "0");
    await killed.promise;
  }
  assert.deepEqual(await inWarehouse(shop.warehouse), { table: log.made, cube: log.made });
});

for (const at of [
  "between-file-and-rename",
  "between-rename-and-manifest",
  "between-manifest-and-listing",
]) {
  test(`the lake writer killed ${at.replaceAll("-", " ")}, three times: once in the lake`, async () => {
    const dir = await shop.fresh();
    const log = new ShopLog(dir);
    log.add(9, 400, { layoutId: 1, months: 3 });
    log.add(9, 400, { layoutId: 2 });
    log.log.close();
    const order = { dir, url: shop.child.url, work: "lake", at, nth: 2, then: "die" } as const;
    for (let time = 0; time < 3; time++) assert.equal(await run(order), "SIGKILL");
    assert.equal(await run({ ...order, at: "never" }), "0");

    const lake = openEmbeddedLake({ dir: join(dir, "lake"), clock: systemClock });
    const files = await lake.files({ topic: TOPIC.name });
    const onDisk = globSync(join(dir, "lake", TOPIC.name, "*", "*.parquet"));
    assert.deepEqual(files.map(({ path }) => path).toSorted(), onDisk.toSorted());
    assert.equal(
      files.reduce((sum, { rows }) => sum + rows, 0),
      log.made.rows,
    );
    lake.close();

    const duckdb = await DuckDBInstance.create();
    const connection = await duckdb.connect();
    const result = await connection.runAndReadAll(
      `SELECT count(*) AS n, count(*) FILTER (event_type = 'purchase') AS purchases,
         sum("properties.price") AS price, count(DISTINCT (_partition, _offset)) AS places
       FROM read_parquet('${dir}/lake/${TOPIC.name}/*/*.parquet', union_by_name = true)`,
    );
    const [row] = result.getRowObjectsJson();
    assert.deepEqual(madeOf(row!), log.made);
    assert.equal(row!["places"], row!["n"]);
    connection.closeSync();
    duckdb.closeSync();
  });
}
