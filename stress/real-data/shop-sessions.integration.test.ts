import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { dataSet } from "./data-set.ts";
import { duckQuery } from "./duck.ts";
import { LiveTraffic, PipelineUnderTest, until, type Summary } from "./pipeline-under-test.ts";
import { assertSameRows } from "./same-rows.ts";

const data = dataSet(
  "retentioneering-ecom/ecom.csv.gz",
  "shop-sessions/sample/ecom-40-users.csv.gz",
);
/** Only what was imported: live traffic is of now. */
const PAST = "'2025-01-01 00:00:00'";

const RAW = `CREATE TABLE e AS SELECT row_number() OVER () AS rn, * FROM read_csv('${data.file}', parallel = false,
  types = {'timestamp': 'TIMESTAMP'});
CREATE TABLE s AS SELECT *, sum(starts) OVER (PARTITION BY user_id ORDER BY timestamp, rn) AS visit FROM (
  SELECT *, CASE WHEN timestamp - lag(timestamp) OVER w <= INTERVAL 30 MINUTE THEN 0 ELSE 1 END AS starts
  FROM e WINDOW w AS (PARTITION BY user_id ORDER BY timestamp, rn));`;

const raw = (sql: string): Promise<Record<string, unknown>[]> => duckQuery(RAW + sql);

const live = (n: number): object => ({
  event_id: `live-${n}`,
  user_id: `live-${n % 7}`,
  session_id: `live-${n % 7}`,
  event: n % 10 === 0 ? "purchase" : "home",
  timestamp: new Date().toISOString(),
  platform: "desktop",
  acquisition_channel: "live",
  user_cohort: "live",
  user_lifecycle: "live",
});

describe("shop-sessions: an import beside live traffic", { timeout: 180_000 }, () => {
  let pipeline: PipelineUnderTest;
  let summary: Summary;
  let liveAccepted = 0;

  const start = () => pipeline.import(data.file, "--event", "actions");
  const imported = async (): Promise<number> => {
    const sql = `SELECT count() AS n FROM actions WHERE timestamp < ${PAST}`;
    return Number((await pipeline.sql(sql).catch(() => [{ n: 0 }]))[0]!["n"]);
  };

  before(async () => {
    pipeline = await PipelineUnderTest.start("examples/shop-sessions");
    const traffic = new LiveTraffic(pipeline, "actions", live);
    summary = await start().summary();
    liveAccepted = await traffic.stop();
  });
  after(() => pipeline.stop());

  test("every line is accounted for; importing the file again changes nothing", async () => {
    const [{ n } = { n: 0 }] = await raw("SELECT count(*) AS n FROM e");
    assert.equal(summary.rows, Number(n));
    assert.deepEqual(
      [summary.accepted, summary.duplicate, summary.quarantined, summary.refused, summary.skipped],
      [Number(n), 0, 0, 0, 0],
    );
    const again = await start().summary();
    assert.equal(again.done_before, Number(n));
    assert.equal(again.accepted, Number(n));
    assert.equal(await imported(), Number(n));
  });

  test("rows, users, given sessions and events by kind", async () => {
    const columns = (distinct: string) =>
      `event, count(*) AS n, ${distinct}user_id) AS users, ${distinct}session_id) AS sessions`;
    const theirs = await raw(`SELECT ${columns("count(DISTINCT ")} FROM e GROUP BY ALL`);
    const ours = await pipeline.sql(
      `SELECT ${columns("uniqExact(")} FROM actions WHERE timestamp < ${PAST} GROUP BY event`,
    );
    assertSameRows(ours, theirs, "events by kind");
    if (data.isWhole) {
      const known = data.reference["by_event"]!.rows as [string, number, number, number][];
      const rows = known.map(([event, n, users, sessions]) => ({ event, n, users, sessions }));
      assertSameRows(ours, rows, "events by kind, known answers");
    }
  });

  test("the 30-minute sessions are those of an independent sessionisation, one by one", async () => {
    const theirs =
      await raw(`SELECT user_id, epoch_ms(min(timestamp)) AS starts, epoch_ms(max(timestamp)) AS ends,
      count(*) AS events, count(*) FILTER (event = 'product_view') AS views,
      count(*) FILTER (event = 'add_to_cart') AS carts, count(*) FILTER (event = 'purchase') AS purchases,
      count(*) FILTER (event = 'checkout_bug') AS bugs, count(*) FILTER (event = 'payment_error') AS payment_errors
      FROM s GROUP BY user_id, visit`);
    const ours = await pipeline.sql(`SELECT user_id, toUnixTimestamp64Milli(window_start) AS starts,
      toUnixTimestamp64Milli(window_end) AS ends, events, views, carts, purchases, bugs, payment_errors
      FROM visits WHERE window_start < ${PAST}`);
    assertSameRows(ours, theirs, "sessions");
    if (!data.isWhole) return;
    const known = data.reference["sessions_gap_30minute"]!.rows;
    assert.equal(ours.length, known);
    assert.equal(ours.length, 3605);
    const count = (name: string): number => ours.filter((row) => Number(row[name]) > 0).length;
    assert.deepEqual([count("bugs"), count("payment_errors"), count("purchases")], [32, 95, 470]);
    const buyers = new Set(
      ours.filter((row) => Number(row["purchases"]) > 0).map((row) => row["user_id"]),
    );
    assert.equal(ours.filter((row) => buyers.has(row["user_id"])).length, 2117);
  });

  test("the funnel product_view → add_to_cart → purchase, in order within a session", async () => {
    const [theirs] =
      await raw(`WITH v AS (SELECT session_id, min(timestamp) AS at FROM e WHERE event = 'product_view' GROUP BY 1),
      c AS (SELECT session_id, min(e.timestamp) AS at FROM e JOIN v USING (session_id)
        WHERE event = 'add_to_cart' AND e.timestamp > v.at GROUP BY 1),
      p AS (SELECT session_id, min(e.timestamp) AS at FROM e JOIN c USING (session_id)
        WHERE event = 'purchase' AND e.timestamp > c.at GROUP BY 1)
      SELECT (SELECT count(*) FROM v) AS viewed, (SELECT count(*) FROM c) AS added, (SELECT count(*) FROM p) AS bought`);
    const [ours] = await pipeline.sql(`SELECT countIf(v > 0) AS viewed, countIf(c > 0) AS added,
      countIf(c > 0 AND arrayExists(at -> at > c, purchases)) AS bought FROM (
        SELECT v, purchases, if(v > 0, arrayMin(arrayFilter(at -> at > v, carts)), 0) AS c FROM (
          SELECT minIf(at, event = 'product_view') AS v, groupArrayIf(at, event = 'add_to_cart') AS carts,
            groupArrayIf(at, event = 'purchase') AS purchases
          FROM (SELECT session_id, event, toUnixTimestamp64Milli(timestamp) AS at
            FROM actions WHERE timestamp < ${PAST})
          GROUP BY session_id))`);
    assertSameRows([ours!], [theirs!], "funnel");
  });

  test("daily counts by platform and event, distinct users and sessions", async () => {
    const theirs =
      await raw(`SELECT epoch_ms(date_trunc('day', timestamp)) AS day, platform, event, count(*) AS events,
      count(DISTINCT user_id) AS users, count(DISTINCT session_id) AS sessions FROM e GROUP BY ALL`);
    const ours =
      await pipeline.sql(`SELECT toUnixTimestamp64Milli(window_start) AS day, platform, event, events, users, sessions
      FROM \`events-by-day\` WHERE window_start < ${PAST}`);
    assertSameRows(ours, theirs, "daily metric");
  });

  test("the model of the shop's own sessions and the cube of channels", async () => {
    const theirs =
      await raw(`SELECT user_id, session_id, sum(events) AS events, sum(purchases) AS purchases FROM (
      SELECT user_id, session_id, count(*) AS events, count(*) FILTER (event = 'purchase') AS purchases FROM e GROUP BY ALL) GROUP BY ALL`);
    const ours =
      await pipeline.sql(`SELECT user_id, session_id, sum(events) AS events, sum(purchases) AS purchases
      FROM sessions WHERE _day < '2025-01-01' GROUP BY user_id, session_id`);
    assertSameRows(ours, theirs, "model");
    const channels =
      await raw(`SELECT epoch(date_trunc('day', timestamp))::BIGINT AS day, acquisition_channel AS channel, platform,
      count(*) AS events, count(DISTINCT user_id) AS users, count(*) FILTER (event = 'purchase') AS purchases FROM e GROUP BY ALL`);
    const cube =
      await pipeline.sql(`SELECT toUnixTimestamp(c.day) AS day, channel, platform, events, users, purchases
      FROM channels AS c WHERE c.day < ${PAST}`);
    assertSameRows(cube, channels, "cube");
  });

  test("the live events beside it are all there", async () => {
    const count = `SELECT count() AS n FROM actions WHERE acquisition_channel = 'live'`;
    await until(async () => Number((await pipeline.sql(count))[0]!["n"]) >= liveAccepted);
    const [{ n, ids } = { n: 0, ids: 0 }] = await pipeline.sql(
      `SELECT count() AS n, uniqExact(event_id) AS ids FROM actions WHERE acquisition_channel = 'live'`,
    );
    assert.ok(liveAccepted > 0);
    assert.equal(n, ids, "none twice");
    const { rows } = (await pipeline.get("/v1/ledger")) as { rows?: { difference: number }[] };
    for (const { difference } of rows ?? []) assert.equal(difference, 0);
  });
});
