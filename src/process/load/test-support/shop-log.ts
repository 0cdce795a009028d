import shop from "../../../../examples/shop/pipeline.ts";
import { manualClock } from "../../../core/clock.ts";
import { encodeRow } from "../../../language/compile/javascript/encode-row.ts";
import { topicsOf } from "../../../language/plan/topic.ts";
import type { Value } from "../../../language/plan/value.ts";
import { clickhouseType, layoutOf, type Layout } from "../../../language/schema/layout.ts";
import { openEmbeddedLog } from "../../../storage/log/embedded/embedded-log.ts";
import type { LogWriterPort, PendingBatch } from "../../../storage/log/log.ts";
import type { Warehouse } from "../../../storage/warehouse/warehouse.ts";
import { quotedName, quotedTable } from "../../../storage/warehouse/statements.ts";
import type { LoadTopic } from "../load-topic.ts";

const topic = topicsOf(shop.plan)[0]!;

/** The topic that these tests load, and its partitions. */
export const TOPIC: LoadTopic = { name: topic.name, time: topic.time };
export const PARTITIONS = 3;

/** The layout before a field was added, and the layout now. */
export const OLD_LAYOUT: Layout = layoutOf(
  topic.leaves.filter((leaf) => leaf.path !== "context.screen_resolution"),
  [],
);
export const NEW_LAYOUT: Layout = topic.layout;

export const layoutOfId = (_: string, id: number): Layout => (id === 1 ? OLD_LAYOUT : NEW_LAYOUT);

export const START_MS = Date.UTC(2025, 2, 10, 23, 30);
const DAY_MS = 24 * 3_600_000;

/** What the log has, counted while it was made. */
export interface Made {
  rows: number;
  /** Sum of prices, unscaled at four places. */
  price: bigint;
  purchases: number;
}

/** Fills a log with batches of both layouts, events of several months among them, and heartbeats. */
export class ShopLog {
  readonly made: Made = { rows: 0, price: 0n, purchases: 0 };
  readonly log: LogWriterPort;
  readonly #clock = manualClock(START_MS);

  constructor(dir: string) {
    this.log = openEmbeddedLog({ dir, clock: this.#clock });
    this.log.ensureTopic(TOPIC.name, PARTITIONS);
  }

  /** How far back events lie: so many months, or so many days; 0 keeps all within a minute. */
  add(batches: number, rowsPerBatch: number, { layoutId = 2, months = 0, days = 0 } = {}): void {
    const back =
      months > 0 ? { steps: months, stepMs: 30 * DAY_MS } : { steps: days, stepMs: DAY_MS };
    for (let batch = 0; batch < batches; batch++) {
      this.#clock.advance(700);
      const partition = batch % PARTITIONS;
      this.log.append({
        batches: [this.#batch(partition, rowsPerBatch, layoutId, back)],
        counts: [{ topic: TOPIC.name, status: "in", source: "http", n: rowsPerBatch }],
      });
      if (batch % 5 === 4) this.log.heartbeat();
    }
  }

  #batch(
    partition: number,
    count: number,
    layoutId: number,
    { steps, stepMs }: { steps: number; stepMs: number },
  ): PendingBatch {
    const layout = layoutOfId(TOPIC.name, layoutId);
    const rows: Uint8Array[] = [];
    const times: number[] = [];
    for (let index = 0; index < count; index++) {
      const n = this.made.rows++;
      const isPurchase = n % 7 === 0;
      const price = BigInt((n % 1000) * 1234);
      if (isPurchase) this.made.purchases++;
      if (isPurchase) this.made.price += price;
      const back = steps === 0 ? n % 60_000 : (n % (steps + 1)) * stepMs;
      const time = this.#clock.nowMs() - back;
      times.push(time);
      const values: Record<string, Value> = {
        event_id: `event-${n}`,
        user_id: `user-${n % 997}`,
        event_type: isPurchase ? "purchase" : "page_view",
        timestamp: time,
        "properties.page_url": `https://shop.example/products/${n % 313}?from=${n % 11}`,
        "properties.price": isPurchase ? price : null,
        "properties.device_type": n % 2 === 0 ? "mobile" : "desktop",
        "context.screen_resolution": "1920x1080",
        page_path: `/products/${n % 313}`,
      };
      rows.push(
        encodeRow(
          layout,
          layout.columns.map(({ name }) => values[name] ?? null),
        ),
      );
    }
    const rowStarts = new Uint32Array(rows.length);
    for (let row = 1; row < rows.length; row++)
      rowStarts[row] = rowStarts[row - 1]! + rows[row - 1]!.length;
    return {
      topic: TOPIC.name,
      partition,
      layoutId,
      rows: new Uint8Array(Buffer.concat(rows)),
      rowStarts,
      times: Float64Array.from(times),
    };
  }
}

/** The topic's table and a cube over it, both empty. */
export async function makeTables(warehouse: Warehouse): Promise<void> {
  const columns = NEW_LAYOUT.columns.map(
    (column) => `${quotedName(column.name)} ${clickhouseType(column)}`,
  );
  const table = quotedTable(TOPIC.name);
  for (const name of ["cube_view", "cube", TOPIC.name]) {
    await warehouse.command(`DROP TABLE IF EXISTS ${quotedTable(name)} SYNC`);
  }
  await warehouse.command(
    `CREATE TABLE ${table} (${columns.join(", ")}) ENGINE = MergeTree
     PARTITION BY toYYYYMM(timestamp) ORDER BY (event_type, timestamp)`,
  );
  await warehouse.command(
    `CREATE TABLE cube (month UInt32, event_type LowCardinality(String),
       events SimpleAggregateFunction(sum, UInt64),
       price SimpleAggregateFunction(sum, Decimal(38, 4)))
     ENGINE = AggregatingMergeTree PARTITION BY month ORDER BY (month, event_type)`,
  );
  await warehouse.command(
    `CREATE MATERIALIZED VIEW cube_view TO cube AS
     SELECT toYYYYMM(timestamp) AS month, event_type, count() AS events,
       sum(ifNull(toDecimal128(properties.price, 4), 0)) AS price
     FROM ${table} GROUP BY month, event_type`.replaceAll(
      "properties.price",
      quotedName("properties.price"),
    ),
  );
}

/** Rows, purchases and prices that the warehouse has, in the table and in the cube. */
export async function inWarehouse(warehouse: Warehouse): Promise<{ table: Made; cube: Made }> {
  const table = await warehouse.query<Record<string, string>>(
    `SELECT count() AS n, countIf(event_type = 'purchase') AS purchases,
       toString(sum(${quotedName("properties.price")})) AS price,
       uniqExact(_partition, _offset) AS places FROM ${quotedTable(TOPIC.name)}`,
  );
  const cube = await warehouse.query<Record<string, string>>(
    `SELECT sum(events) AS n, sumIf(events, event_type = 'purchase') AS purchases,
       toString(sum(price)) AS price FROM cube`,
  );
  if (table[0]!["n"] !== table[0]!["places"]) throw new Error("a place is there twice");
  return { table: madeOf(table[0]!), cube: madeOf(cube[0]!) };
}

export const madeOf = (row: Record<string, unknown>): Made => ({
  rows: Number(row["n"]),
  purchases: Number(row["purchases"]),
  price: BigInt(Math.round(Number(row["price"]) * 10_000)),
});
