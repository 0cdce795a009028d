import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import shop from "../../../examples/shop/pipeline.ts";
import { systemClock } from "../../core/clock.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import { openEmbeddedLake } from "../../storage/lake/embedded/embedded-lake.ts";
import { openEmbeddedLogReader } from "../../storage/log/embedded/embedded-log-reader.ts";
import type { ReaderPosition } from "../../storage/log/log.ts";
import { quotedName } from "../../storage/warehouse/statements.ts";
import { LakeWriter } from "../load/lake-writer.ts";
import { Loader } from "../load/loader.ts";
import { layoutOfId, ShopLog, START_MS, TOPIC } from "../load/test-support/shop-log.ts";
import { startShopWarehouse, type ShopWarehouse } from "../load/test-support/shop-warehouse.ts";
import { ledgerReport, type LedgerStage } from "./ledger.ts";
import { ofLog } from "./of-log.ts";
import { quarantineList } from "./quarantine-list.ts";
import { traceEvent } from "./trace.ts";

let world: ShopWarehouse;
before(async () => {
  world = await startShopWarehouse();
});
after(() => world.dispose());

const BROKEN = Buffer.from('{"event_id":"broken-1","event_type":"purchase"}');

test("ledger and trace follow events from the door to warehouse and lake", async () => {
  const dir = await world.fresh();
  const { warehouse } = world;
  // The other topics of the definition have tables, too.
  for (const { name, layout } of topicsOf(shop.plan).slice(1)) {
    await warehouse.command(`DROP TABLE IF EXISTS ${quotedName(name)}`);
    await warehouse.command(
      `CREATE TABLE ${quotedName(name)} (_offset UInt64, received_at DateTime64(3, 'UTC'),
       _partition UInt16, event_id String, timestamp DateTime64(3, 'UTC')) ENGINE = MergeTree
       ORDER BY _offset COMMENT '${layout.id}'`,
    );
  }
  const made = new ShopLog(dir);
  made.log.append({
    batches: [],
    counts: [
      { topic: TOPIC.name, status: "in", source: "http", n: 3 },
      { topic: TOPIC.name, status: "duplicate", source: "http", n: 1 },
      { topic: TOPIC.name, status: "refused", reason: "EVENT_NOT_JSON", source: "http", n: 1 },
    ],
    quarantine: [
      {
        topic: TOPIC.name,
        reason: "RULE_BROKEN",
        rule: "positive-price",
        eventId: "broken-1",
        bytes: BROKEN,
        source: "http",
      },
    ],
  });
  made.add(90, 20, { months: 1 });
  const log = openEmbeddedLogReader(dir);
  const lake = openEmbeddedLake({ dir: join(dir, "lake"), clock: systemClock });
  const common = { log, warehouse, topics: [TOPIC], layoutOf: layoutOfId, clock: systemClock };
  const loader = new Loader({ ...common, dir: join(dir, "load") });
  const writer = new LakeWriter({ ...common, lake, dir: join(dir, "roll") });
  const positions = (stage: LedgerStage): readonly ReaderPosition[] =>
    stage === "load" ? loader.positions() : stage === "lake" ? writer.positions() : [];
  const sources = {
    plan: shop.plan,
    warehouse,
    lake,
    ...ofLog({ log, layoutOf: layoutOfId, positions }),
  };
  const range = { from: START_MS - 60_000, to: START_MS + 600_000 };

  const early = await ledgerReport(sources, range);
  assert.equal(early.balanced, true, "what isn't loaded yet is no difference");
  assert.ok(early.partitions.every(({ settled, loaded }) => !settled.load && loaded === 0));
  const inLog = await traceEvent(sources, "event-7");
  assert.equal(inLog.status, "accepted");
  assert.equal(inLog.accepted[0]!.warehouse.loaded, false);

  while (!(await loader.step()).idle);
  while (!(await writer.step({ force: true })).idle);
  const report = await ledgerReport(sources, range);
  assert.equal(report.balanced, true);
  const [minute] = report.minutes;
  assert.equal(minute!.difference, 0);
  assert.deepEqual([minute!.duplicate, minute!.quarantined, minute!.refused], [1, 1, 1]);
  assert.deepEqual(minute!.reasons, [
    { status: "quarantined", reason: "RULE_BROKEN", n: 1 },
    { status: "refused", reason: "EVENT_NOT_JSON", n: 1 },
  ]);
  const total = (column: "accepted" | "loaded" | "lake"): number =>
    report.partitions.reduce((sum, each) => sum + each[column], 0);
  assert.deepEqual(
    [total("accepted"), total("loaded"), total("lake")],
    Array(3).fill(made.made.rows),
  );
  assert.ok(report.partitions.every(({ settled }) => settled.load && settled.lake));

  const trace = await traceEvent(sources, "event-7");
  const [event] = trace.accepted;
  assert.equal(trace.accepted.length, 1);
  assert.deepEqual(event!.warehouse, { loaded: true, rows: 1 });
  assert.equal(event!.lake.files.length, 1);
  const [there] = await warehouse.query<{ n: string }>(
    `SELECT count() AS n FROM file('${event!.lake.files[0]}', Parquet) WHERE event_id = 'event-7'`,
  );
  assert.equal(there!.n, "1");
  assert.equal((event!.event as { event_id: string }).event_id, "event-7");
  assert.equal(event!.windows!.filter(({ metric }) => metric === "event-volume").length, 10);
  assert.ok(
    event!.windows!.every(({ metric }) => metric !== "page-view-counts"),
    "a purchase",
  );
  assert.ok(
    event!.windows!.some(({ by }) => by === "amendment"),
    "a month late",
  );

  const broken = await traceEvent(sources, "broken-1");
  assert.equal(broken.status, "quarantined");
  assert.equal(broken.quarantined[0]!.rule, "positive-price");
  const { items, next } = await quarantineList(async (query) => log.quarantined(query), {
    topic: TOPIC.name,
  });
  assert.deepEqual(
    items.map(({ text }) => text),
    [BROKEN.toString()],
  );
  assert.equal(next, null);
  assert.equal((await traceEvent(sources, "nobody")).status, "unknown");

  await warehouse.command(
    `ALTER TABLE ${quotedName(TOPIC.name)} DELETE WHERE event_id = 'event-7' SETTINGS mutations_sync = 1`,
  );
  const short = await ledgerReport(sources, range);
  assert.equal(short.balanced, false);
  const wrong = short.partitions.filter(({ balanced }) => !balanced);
  assert.equal(wrong.length, 1);
  assert.equal(wrong[0]!.loaded, wrong[0]!.accepted - 1);
  loader.close();
  lake.close();
  log.close();
  made.log.close();
});
