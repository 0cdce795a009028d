import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { manualClock, systemClock } from "../../core/clock.ts";
import { openEmbeddedLake } from "../../storage/lake/embedded/embedded-lake.ts";
import { openEmbeddedLogReader } from "../../storage/log/embedded/embedded-log-reader.ts";
import { LakeMerger } from "./lake-merger.ts";
import { LakeWriter } from "./lake-writer.ts";
import { Loader } from "./loader.ts";
import { SpoolFiles } from "./spool-files.ts";
import { SpoolShelf } from "./spool-shelf.ts";
import {
  inWarehouse,
  layoutOfId,
  madeOf,
  NEW_LAYOUT,
  ShopLog,
  START_MS,
  TOPIC,
} from "./test-support/shop-log.ts";
import { startShopWarehouse, type ShopWarehouse } from "./test-support/shop-warehouse.ts";

let world: ShopWarehouse;
before(async () => {
  world = await startShopWarehouse();
});
after(() => world.dispose());

test("events of two layouts and many months reach table and cube once", async () => {
  const dir = await world.fresh();
  const shop = new ShopLog(dir);
  shop.add(20, 500, { layoutId: 1, months: 30 });
  shop.add(40, 500, { layoutId: 2 });
  const log = openEmbeddedLogReader(dir);
  const moved: unknown[] = [];
  const loader = new Loader({
    log,
    warehouse: world.warehouse,
    topics: [TOPIC],
    layoutOf: layoutOfId,
    clock: systemClock,
    dir: join(dir, "load"),
    rowsMax: 6_000,
    report: (positions) => void moved.push(...positions),
  });
  assert.equal(loader.counters()[0]!.lagRecords, shop.made.rows + 3 * 12);
  while (!(await loader.step()).idle);
  assert.deepEqual(await inWarehouse(world.warehouse), { table: shop.made, cube: shop.made });
  const ends = log.ends().map(({ topic, partition, end }) => ({ topic, partition, offset: end }));
  assert.deepEqual(loader.positions(), ends);
  assert.deepEqual(moved.slice(-3), ends);
  const [counter] = loader.counters();
  assert.equal(counter!.rows, shop.made.rows);
  assert.equal(counter!.lagRecords, 0);
  shop.log.heartbeat();
  assert.deepEqual(await loader.step(), { rows: 0, bytes: 0, idle: true });
  assert.deepEqual(
    loader.positions().map(({ offset }) => offset),
    log.ends().map(({ end }) => end),
  );
  loader.close();
  log.close();
  shop.log.close();
});

test("the lake takes every event by its day, rolls by age, and merges days that are over", async () => {
  const dir = await world.fresh();
  const shop = new ShopLog(dir);
  shop.add(12, 300, { layoutId: 1, months: 2 });
  shop.add(12, 300, { layoutId: 2 });
  const log = openEmbeddedLogReader(dir);
  const clock = manualClock(START_MS + 60_000);
  const { warehouse } = world;
  const lake = openEmbeddedLake({ dir: join(dir, "lake"), clock });
  const common = { log, lake, warehouse, clock, topics: [TOPIC], layoutOf: layoutOfId };
  const writer = new LakeWriter({ ...common, dir: join(dir, "roll"), rowsMax: 900 });
  while (!(await writer.step()).idle);
  const early = await sumOfRows();
  assert.ok(early > 0 && early <= shop.made.rows, `${early} rows by size`);
  clock.advance(5 * 60_000);
  while (!(await writer.step()).idle);
  assert.equal(await sumOfRows(), shop.made.rows);
  for (const file of await files()) {
    assert.equal(new Date(file.minTime).toISOString().slice(0, 10), file.date);
    assert.equal(new Date(file.maxTime).toISOString().slice(0, 10), file.date);
  }

  const before = await files();
  const merger = new LakeMerger({ lake, warehouse, clock, newestLayoutOf: () => NEW_LAYOUT });
  clock.advance(24 * 3_600_000);
  const release = await lake.hold(TOPIC.name, 60_000);
  assert.deepEqual(await merger.step(), { files: 0, idle: true });
  assert.deepEqual(await files(), before);
  await release();
  while (!(await merger.step()).idle);
  assert.ok((await files()).length < before.length);
  const perDay = Map.groupBy(await files(), ({ date, partition }) => `${date} ${partition}`);
  assert.ok([...perDay.values()].every((each) => each.length === 1));
  assert.equal(await sumOfRows(), shop.made.rows);
  const [row] = await warehouse.query(
    `SELECT count() AS n, countIf(event_type = 'purchase') AS purchases,
       toString(sum("properties.price")) AS price
     FROM file('${dir}/lake/${TOPIC.name}/*/*.parquet', Parquet)`,
  );
  assert.deepEqual(madeOf(row!), shop.made);
  for (const { path } of await files()) {
    const [order] = await warehouse.query<{ ordered: number }>(
      `SELECT arrayExists(d -> d < 0, arrayDifference(groupArray(toInt64(_offset)))) = 0 AS ordered
       FROM (SELECT _offset FROM file('${path}', Parquet) SETTINGS max_threads = 1)`,
    );
    assert.equal(order!.ordered, 1, path);
  }
  lake.close();
  log.close();
  shop.log.close();

  function files() {
    return lake.files({ topic: TOPIC.name });
  }
  async function sumOfRows(): Promise<number> {
    return (await files()).reduce((sum, { rows }) => sum + rows, 0);
  }
});

test("what the loader has spooled goes on to the lake; only what it hasn't is read again", async () => {
  const dir = await world.fresh();
  const shop = new ShopLog(dir);
  shop.add(6, 300, { layoutId: 1 });
  const log = openEmbeddedLogReader(dir);
  const lakeLog = openEmbeddedLogReader(dir);
  const read = lakeLog.read.bind(lakeLog);
  let reads = 0;
  lakeLog.read = (request) => {
    if (request.bytesMax !== 1) reads++;
    return read(request);
  };
  const { warehouse } = world;
  const clock = manualClock(START_MS + 60_000);
  const lake = openEmbeddedLake({ dir: join(dir, "lake"), clock });
  const shelf = new SpoolShelf(new SpoolFiles(join(dir, "load")));
  const common = { warehouse, topics: [TOPIC], layoutOf: layoutOfId, clock, shelf };
  const loader = new Loader({ ...common, log, dir: join(dir, "load"), rowsMax: 1_000 });
  const writer = new LakeWriter({ ...common, log: lakeLog, lake, dir: join(dir, "roll") });
  const load = async (): Promise<void> => {
    while (!(await loader.step()).idle);
  };
  const roll = async (): Promise<void> => {
    clock.advance(5 * 60_000);
    while (!(await writer.step()).idle);
  };
  await load();
  await roll();
  assert.equal(reads, 0);
  shop.add(6, 300, { layoutId: 1 });
  await roll(); // the loader has nothing new on the shelf
  const own = reads;
  assert.ok(own > 0);
  await load(); // what the lake has gone past
  shop.add(6, 300, { layoutId: 1 });
  shop.add(6, 300, { layoutId: 2 });
  await load();
  await roll();
  assert.equal(reads, own);
  assert.deepEqual(await inWarehouse(warehouse), { table: shop.made, cube: shop.made });
  const [row] = await warehouse.query(
    `SELECT count() AS n, countIf(event_type = 'purchase') AS purchases,
       toString(sum("properties.price")) AS price
     FROM file('${dir}/lake/${TOPIC.name}/*/*.parquet', Parquet)`,
  );
  assert.deepEqual(madeOf(row!), shop.made);
  loader.close();
  lake.close();
  lakeLog.close();
  log.close();
  shop.log.close();
});

for (const [format, days] of [
  ["orc", 12],
  ["parquet", 120],
] as const) {
  test(`${days} days in one range of the lake, as ${format}`, async () => {
    const dir = await world.fresh();
    const shop = new ShopLog(dir);
    shop.add(3, 1_500, { days });
    const log = openEmbeddedLogReader(dir);
    const { warehouse } = world;
    const lake = openEmbeddedLake({ dir: join(dir, "lake"), clock: systemClock, format });
    const common = {
      log,
      lake,
      warehouse,
      clock: systemClock,
      topics: [TOPIC],
      layoutOf: layoutOfId,
    };
    const writer = new LakeWriter({ ...common, dir: join(dir, "roll"), format });
    assert.equal((await writer.step({ force: true })).files, days + 1);
    const files = await lake.files({ topic: TOPIC.name });
    assert.equal(
      files.reduce((sum, { rows }) => sum + rows, 0),
      1_500,
    );
    const [row] = await warehouse.query<{ n: string }>(
      `SELECT uniqExact(_partition, _offset) AS n FROM file('${dir}/lake/${TOPIC.name}/*/*.${format}', ${format === "orc" ? "ORC" : "Parquet"})`,
    );
    assert.equal(row!.n, "1500");
    lake.close();
    log.close();
    shop.log.close();
  });
}
