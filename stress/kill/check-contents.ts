import assert from "node:assert/strict";
import { join } from "node:path";
import { duckQuery } from "../real-data/duck.ts";
import type { Account } from "./account.ts";
import { amountText, expectedOf, rowText, type Expected } from "./expected.ts";
import type { KeptPipeline } from "./kept-pipeline.ts";
import { idsInLog } from "./log-contents.ts";
import type { MadeEvent } from "./made-event.ts";

type Topic = MadeEvent["topic"];
const TOPICS: readonly Topic[] = ["user-events", "shop-events"];
const DAY_MS = 86_400_000;
const IDS_AT_ONCE = 20_000;

/** What was found wrong with the ids of a store. */
export interface Wrong {
  lost: number;
  twice: number;
}

/**
 * Waits until everything behind the log has all of it, then checks that log, warehouse, lake, metrics,
 * cube, derived stream and ledger have each acknowledged event once and nothing else.
 */
export async function checkContents(
  pipeline: KeptPipeline,
  account: Account,
  onStep: (step: string) => void,
): Promise<Wrong> {
  const dataDir = join(pipeline.dir, "data");
  const wrong: Wrong = { lost: 0, twice: 0 };
  const there = new Map<Topic, MadeEvent[]>();
  for (const topic of TOPICS) {
    const inLog = idsInLog(dataDir, topic);
    there.set(topic, checkIds("log", topic, inLog, account, wrong));
    await stored(pipeline, topic, inLog.size);
    onStep(`${topic} stored`);
    checkIds("warehouse", topic, await warehouseIds(pipeline, topic), account, wrong, inLog);
    checkIds("lake", topic, await lakeIds(dataDir, topic), account, wrong, inLog);
    await checkSums(pipeline, dataDir, topic, there.get(topic)!);
    onStep(`${topic} compared`);
  }
  const expected = expectedOf(there.get("user-events")!, there.get("shop-events")!);
  await checkPaidOrders(pipeline, dataDir, expected);
  onStep("paid-orders compared");
  await checkMetrics(pipeline, expected, onStep);
  await checkCube(pipeline, expected);
  await checkLedger(pipeline, there);
  onStep("cube and ledger compared");
  return wrong;
}

/** Waits until so many events of a topic are in warehouse and lake, or more. */
function stored(pipeline: KeptPipeline, topic: string, events: number): Promise<void> {
  return pipeline.until(`${topic} stored`, async () => {
    const { partitions } = await ledgerOf(pipeline);
    const own = partitions.filter((each) => each.topic === topic);
    const least = own.reduce((sum, { loaded, lake }) => sum + Math.min(loaded, lake), 0);
    return least >= events;
  });
}

/** Gives the events that are there. */
function checkIds(
  store: string,
  topic: Topic,
  ids: ReadonlyMap<string, number>,
  account: Account,
  wrong: Wrong,
  inLog = ids,
): MadeEvent[] {
  const lost = account.acknowledged(topic).filter(({ id }) => !ids.has(id));
  const twice = [...ids].filter(([, n]) => n !== 1).map(([id]) => id);
  const unknown = [...ids.keys()].filter((id) => {
    const event = account.event(id);
    return event === undefined || event.isBad || event.topic !== topic;
  });
  const notInLog = [...ids.keys()].filter((id) => !inLog.has(id));
  const absent = [...inLog.keys()].filter((id) => !ids.has(id));
  wrong.lost += lost.length;
  wrong.twice += twice.length;
  const few = (items: readonly unknown[]): unknown[] => items.slice(0, 10);
  assert.deepEqual(few(lost.map(({ id }) => id)), [], `${topic}, ${store}: lost`);
  assert.deepEqual(few(twice), [], `${topic}, ${store}: more than once`);
  assert.deepEqual(few(unknown), [], `${topic}, ${store}: never sent, or to be quarantined`);
  assert.deepEqual(few(notInLog), [], `${topic}, ${store}: not in the log`);
  assert.deepEqual(few(absent), [], `${topic}, ${store}: in the log only`);
  return [...ids.keys()].map((id) => account.event(id)!);
}

async function warehouseIds(pipeline: KeptPipeline, topic: Topic): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  for (let after = ""; ;) {
    const rows = await pipeline.sql(`SELECT event_id, count() AS n FROM \`${topic}\`
      WHERE event_id > '${after}' GROUP BY event_id ORDER BY event_id LIMIT ${IDS_AT_ONCE}`);
    for (const row of rows) ids.set(String(row["event_id"]), Number(row["n"]));
    if (rows.length < IDS_AT_ONCE) return ids;
    after = String(rows.at(-1)!["event_id"]);
  }
}

const parquetOf = (dataDir: string, topic: string): string =>
  `read_parquet('${dataDir}/lake/${topic}/*/*.parquet', union_by_name = true)`;

async function lakeIds(dataDir: string, topic: Topic): Promise<Map<string, number>> {
  const rows = await duckQuery(
    `SELECT event_id, count(*) AS n FROM ${parquetOf(dataDir, topic)} GROUP BY event_id`,
  );
  return new Map(rows.map((row) => [String(row["event_id"]), Number(row["n"])]));
}

/** Sums of the prices, exact, in warehouse and lake. */
async function checkSums(
  pipeline: KeptPipeline,
  dataDir: string,
  topic: Topic,
  events: readonly MadeEvent[],
): Promise<void> {
  const sum = amountText(
    events.reduce((total, { price }) => total + (price ?? 0n), 0n),
    4,
  );
  const [stored] = await pipeline.sql(
    `SELECT toDecimalString(sum(\`properties.price\`), 4) AS sum FROM \`${topic}\``,
  );
  assert.equal(stored!["sum"], sum, `${topic}, warehouse: the sum of the prices`);
  const [inLake] = await duckQuery(
    `SELECT CAST(sum("properties.price") AS TEXT) AS sum FROM ${parquetOf(dataDir, topic)}`,
  );
  assert.equal(inLake!["sum"], sum, `${topic}, lake: the sum of the prices`);
}

async function checkPaidOrders(
  pipeline: KeptPipeline,
  dataDir: string,
  { paidOrders }: Expected,
): Promise<void> {
  const inLake = `SELECT count(*) AS n, count(DISTINCT event_id) AS ids, CAST(sum(amount) AS TEXT) AS amount
    FROM ${parquetOf(dataDir, "paid-orders")}`;
  const inWarehouse = `SELECT count() AS n, uniqExact(event_id) AS ids,
    toDecimalString(sum(amount), 4) AS amount FROM \`paid-orders\``;
  const wanted = { n: paidOrders.n, ids: paidOrders.n, amount: paidOrders.amount };
  const read = async (): Promise<object[]> =>
    [(await duckQuery(inLake))[0]!, (await pipeline.sql(inWarehouse))[0]!].map((row) => ({
      n: Number(row["n"]),
      ids: Number(row["ids"]),
      amount: row["amount"],
    }));
  await stored(pipeline, "paid-orders", wanted.n);
  assert.deepEqual(await read(), [wanted, wanted], "paid-orders in lake and warehouse");
}

async function checkMetrics(
  pipeline: KeptPipeline,
  { metrics }: Expected,
  onStep: (step: string) => void,
): Promise<void> {
  await pipeline.until("amended", async () => {
    const report = (await pipeline.post("/v1/amend", { wait: true })) as { waiting: number };
    return report.waiting === 0;
  });
  onStep("amended");
  for (const [name, wanted] of Object.entries(metrics)) {
    assertSame(await servedRows(pipeline, name), wanted, name);
    onStep(`${name} compared`);
  }
}

/** Rows of a metric without what tells how it came about. */
async function servedRows(pipeline: KeptPipeline, name: string): Promise<string[]> {
  const now = Date.now();
  const range = `from=${now - 200 * DAY_MS}&to=${now + DAY_MS}&limit=10000`;
  const { rows } = (await pipeline.get(`/v1/metrics/${name}?${range}`)) as {
    rows: Record<string, unknown>[];
  };
  assert.ok(rows.length < 10_000, `${name}: all rows were given`);
  return rows.map((row) => {
    const { closed: _, incomplete, late_pending: late, generation: __, ...shown } = row;
    assert.equal(incomplete, false);
    assert.equal(late, 0, `${name}: nothing waits to be amended`);
    return rowText(shown);
  });
}

async function checkCube(pipeline: KeptPipeline, { traffic }: Expected): Promise<void> {
  const rows =
    await pipeline.sql(`SELECT toString(toDate(t.day, 'UTC')) AS day, event_type, page_path,
    platform, toInt32(events) AS events, toInt32(people) AS people,
    toDecimalString(revenue, 4) AS revenue FROM traffic AS t`);
  assertSame(rows.map(rowText), traffic, "cube traffic");
}

function assertSame(found: readonly string[], wanted: readonly string[], what: string): void {
  const isFound = new Set(found);
  const isWanted = new Set(wanted);
  const missing = wanted.filter((row) => !isFound.has(row));
  const extra = found.filter((row) => !isWanted.has(row));
  const few = (rows: readonly string[]): string => rows.slice(0, 6).join("\n  ");
  assert.ok(
    missing.length === 0 && extra.length === 0,
    `${what}: ${missing.length} of ${wanted.length} rows are missing, ${extra.length} too many\n` +
      `missing:\n  ${few(missing)}\nfound:\n  ${few(extra)}`,
  );
  assert.equal(found.length, wanted.length, `${what}: no row twice`);
}

interface Ledger {
  readonly balanced: boolean;
  readonly minutes: readonly { topic: string; accepted: number; difference: number }[];
  readonly partitions: readonly { topic: string; accepted: number; loaded: number; lake: number }[];
}

function ledgerOf(pipeline: KeptPipeline): Promise<Ledger> {
  const now = Date.now();
  return pipeline.get(`/v1/ledger?from=${now - DAY_MS}&to=${now + 60_000}`) as Promise<Ledger>;
}

async function checkLedger(
  pipeline: KeptPipeline,
  there: ReadonlyMap<Topic, readonly MadeEvent[]>,
): Promise<void> {
  const ledger = await ledgerOf(pipeline);
  for (const each of ledger.partitions) {
    const { accepted, loaded, lake } = each;
    assert.deepEqual([loaded, lake], [accepted, accepted], JSON.stringify(each));
  }
  for (const each of ledger.minutes) assert.equal(each.difference, 0, JSON.stringify(each));
  assert.equal(ledger.balanced, true, "the ledger is balanced");
  for (const [topic, events] of there) {
    const accepted = ledger.minutes
      .filter((each) => each.topic === topic)
      .reduce((sum, each) => sum + each.accepted, 0);
    assert.equal(accepted, events.length, `${topic}: accepted in the ledger`);
  }
}
