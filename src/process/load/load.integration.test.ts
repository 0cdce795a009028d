import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { systemClock } from "../../core/clock.ts";
import { openEmbeddedLake } from "../../storage/lake/embedded/embedded-lake.ts";
import { openEmbeddedLogReader } from "../../storage/log/embedded/embedded-log-reader.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import { startWarehouse, type WarehouseProcess } from "../../storage/warehouse/embedded/start-warehouse.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { LakeWriter } from "./lake-writer.ts";
import { Loader } from "./loader.ts";
import { inWarehouse, layoutOfId, makeTables, ShopLog, TOPIC } from "./test-support/shop-log.ts";

let dir: string;
let child: WarehouseProcess;
let warehouse: Warehouse;

before(async () => {
  dir = mkdtempSync(join(tmpdir(), "millrace-load-"));
  child = await startWarehouse({
    dataDir: join(dir, "warehouse"),
    adminKey: "admin",
    pipelineKey: "key",
  });
  warehouse = clickHouseWarehouse({
    url: child.url,
    database: child.database,
    user: "pipeline",
    key: "key",
  });
  await makeTables(warehouse);
});

after(async () => {
  await warehouse.close();
  await child.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("events of two layouts and many months reach table, cube and lake once", async () => {
  const shop = new ShopLog(dir);
  shop.add(20, 500, { layoutId: 1, months: 30 });
  shop.add(40, 500, { layoutId: 2 });
  const log = openEmbeddedLogReader(dir);
  const common = { log, warehouse, topics: [TOPIC], layoutOf: layoutOfId, clock: systemClock };
  const moved: unknown[] = [];
  const report = (positions: readonly unknown[]): void => void moved.push(...positions);
  const loader = new Loader({ ...common, dir: join(dir, "load"), rowsMax: 6_000, report });
  while (!(await loader.step()).idle);
  const { table, cube } = await inWarehouse(warehouse);
  assert.deepEqual(table, shop.made);
  assert.deepEqual(cube, shop.made);
  assert.deepEqual(
    loader.positions().map(({ offset }) => offset),
    log.ends().map(({ end }) => end),
  );
  assert.ok(moved.length > 0);
  console.log(loader.counters());

  const lake = openEmbeddedLake({ dir: join(dir, "lake"), clock: systemClock });
  const writer = new LakeWriter({ ...common, lake, dir: join(dir, "roll"), rowsMax: 4_000 });
  while (!(await writer.step({ force: true })).idle);
  const files = lake.files({ topic: TOPIC.name });
  console.log(writer.counters(), files.length, files[0], files.at(-1));
  assert.equal(
    files.reduce((sum, file) => sum + file.rows, 0),
    shop.made.rows,
  );
  loader.close();
  lake.close();
  log.close();
  shop.log.close();
});
