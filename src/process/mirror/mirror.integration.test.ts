import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import shop from "../../../examples/shop/pipeline.ts";
import { manualClock, systemClock } from "../../core/clock.ts";
import { rowInLayout } from "../../language/compile/javascript/row-in-layout.ts";
import { rowToObject } from "../../language/compile/javascript/row-to-object.ts";
import type { Layout } from "../../language/schema/layout.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import { openEmbeddedLake } from "../../storage/lake/embedded/embedded-lake.ts";
import { openEmbeddedLog } from "../../storage/log/embedded/embedded-log.ts";
import { openEmbeddedLogReader } from "../../storage/log/embedded/embedded-log-reader.ts";
import { LakeWriter } from "../load/lake-writer.ts";
import {
  layoutOfId,
  NEW_LAYOUT,
  OLD_LAYOUT,
  ShopLog,
  START_MS,
  TOPIC,
} from "../load/test-support/shop-log.ts";
import { startShopWarehouse, type ShopWarehouse } from "../load/test-support/shop-warehouse.ts";
import { LakeHistory } from "./lake-history.ts";
import { movedRows, type MovedRow } from "./moved-row.ts";
import { PastWriter } from "./past-writer.ts";
import type { TopicRow } from "./received-order.ts";
import { ReceivedSlices, type Slice } from "./received-slices.ts";

const topic = topicsOf(shop.plan).find(({ name }) => name === TOPIC.name)!;
let world: ShopWarehouse;
before(async () => {
  world = await startShopWarehouse();
});
after(() => world.dispose());

/** What a row says, wherever it lies. */
function said({ layout, rows, start }: MovedRow): unknown {
  const row =
    layout === NEW_LAYOUT ? rows.slice(start) : rowInLayout(rows, start, layout, NEW_LAYOUT);
  const { _offset, _partition, ...rest } = rowToObject(NEW_LAYOUT, row, 0);
  return rest;
}

const byId = (rows: readonly unknown[]): readonly string[] =>
  rows.map((row) => JSON.stringify(row)).toSorted();

test("lake and log are read as one, in the order of receipt, and written with their times", async () => {
  const dir = await world.fresh();
  const made = new ShopLog(dir);
  made.add(20, 100, { layoutId: 1, days: 3 });
  made.add(10, 100, { layoutId: 2 });
  const log = openEmbeddedLogReader(dir);
  const clock = manualClock(START_MS + 3_600_000);
  const lake = openEmbeddedLake({ dir: join(dir, "lake"), clock });
  const { warehouse } = world;
  const writer = new LakeWriter({
    log,
    lake,
    warehouse,
    clock,
    topics: [TOPIC],
    layoutOf: layoutOfId,
    dir: join(dir, "roll"),
  });
  while (!(await writer.step()).idle);
  const slicesFrom = (positions: Slice["positions"]): ReceivedSlices =>
    new ReceivedSlices({
      topic,
      log,
      history: async () =>
        new LakeHistory({ lake, engine: warehouse, dir: join(dir, "slices"), rowsMax: 450 }),
      layoutOf: (layoutId) => layoutOfId("", layoutId),
      positions,
      bytesMax: 60_000,
    });
  const all = await readAll(slicesFrom([]));
  assert.equal(all.flatMap(({ rows }) => rows).length, made.made.rows);
  made.log.trim({ olderThanMs: 1, bytesMax: 0 });
  made.add(8, 100, { layoutId: 2 });

  const slices = await readAll(slicesFrom([]));
  const rows = slices.flatMap((slice) => slice.rows);
  assert.equal(rows.length, made.made.rows);
  assert.ok(slices.length > 6, `${slices.length} slices`);
  const times = rows.map(({ receivedAt }) => receivedAt);
  assert.deepEqual(
    times,
    times.toSorted((one, other) => one - other),
  );
  for (const [at, { throughMs }] of slices.entries()) {
    const later = slices.slice(at + 1).flatMap((slice) => slice.rows);
    assert.ok(later.every(({ receivedAt }) => receivedAt >= throughMs));
  }
  // A mirror that was killed goes on at any slice.
  for (const at of [0, 3, slices.length - 2]) {
    const rest = await readAll(slicesFrom(slices[at]!.positions));
    const wanted = slices.slice(at + 1).flatMap((slice) => slice.rows);
    assert.deepEqual(byId(rest.flatMap((each) => each.rows).map(said)), byId(wanted.map(said)));
  }

  const other = join(dir, "other");
  mkdirSync(other);
  const moved = rows.map((row) => ({ ...row, topic: topic.name }));
  const cut = moved[moved.length / 2]!.receivedAt;
  const first = moved.filter(({ receivedAt }) => receivedAt <= cut);
  assert.equal(writeTo(other, first, 0), first.length);
  assert.equal(writeTo(other, moved, cut), moved.length - first.length);
  assert.equal(writeTo(other, moved, moved.at(-1)!.receivedAt), 0);
  const back = openEmbeddedLogReader(other);
  const found = back
    .ends()
    .flatMap(({ partition }) =>
      back
        .read({ topic: topic.name, partition, from: 0, bytesMax: 2 ** 30 })
        .flatMap((batch) => movedRows(batch.rows, layoutOfId("", batch.layoutId))),
    );
  assert.deepEqual(byId(found.map(said)), byId(moved.map(said)));
  back.close();
  log.close();
  made.log.close();
});

/** Writes what isn't there yet; gives how much that was. */
function writeTo(dir: string, rows: readonly TopicRow[], throughMs: number): number {
  const log = openEmbeddedLog({ dir, clock: systemClock });
  log.ensureTopic(topic.name, 2);
  const layoutIdOf = ({ id }: Layout): number => (id === OLD_LAYOUT.id ? 1 : 2);
  const written = new PastWriter({ log, topics: [topic], layoutIdOf, throughMs }).write(rows);
  log.close();
  return written;
}

async function readAll(slices: ReceivedSlices): Promise<readonly Slice[]> {
  const all: Slice[] = [];
  for (;;) {
    const slice = await slices.next();
    all.push(slice);
    slices.take(slice);
    if (slice.isLast) return all;
  }
}
