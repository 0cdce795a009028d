import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { manualClock } from "../../core/clock.ts";
import { seededRandom } from "../../core/random.ts";
import {
  count,
  countDistinct,
  cube,
  event,
  metric,
  model,
  day,
  pipeline,
  rule,
  session,
  sliding,
  sum,
  t,
  table,
  tumbling,
} from "../../index.ts";
import { cubeNames } from "../../language/compile/clickhouse/cube-tables.ts";
import { quoteName } from "../../language/compile/clickhouse/sql-text.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import { openEmbeddedLake } from "../../storage/lake/embedded/embedded-lake.ts";
import { applyTables } from "../tables/apply-tables.ts";
import { amend, type TouchedHour } from "./amend.ts";
import { auditDay } from "./audit.ts";
import { backfillDays } from "./backfill-days.ts";
import { backfillMetric, dropFormerMeanings } from "./backfill.ts";
import type { BatchContext } from "./batch-context.ts";
import { assertPublished, runModels } from "./models.ts";
import { fillNewCubes } from "./cubes.ts";
import { ClickHouseEngine } from "./clickhouse-engine.ts";
import { createRunTables } from "./run-records.ts";
import { openTestWarehouse, type TestWarehouse } from "./test-support/test-warehouse.ts";
import { writeStreamRows } from "./test-support/stream-rows.ts";

const DAY = Date.parse("2024-03-09T00:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const asTime = (ms: number): string => new Date(ms).toISOString().slice(0, 23).replace("T", " ");

const visits = event(
  "visits",
  {
    event_id: t.id(),
    user: t.string(),
    page: t.string().optional(),
    amount: t.decimal(18, 4).optional(),
    timestamp: t.timestamp(),
  },
  { id: "event_id", time: "timestamp", key: "user" },
);
const people = table(
  "people",
  { user: t.string(), country: t.string().optional() },
  { key: "user" },
);
const f = visits.fields;
const perPage = metric("per-page", {
  from: visits,
  by: { page: f.page },
  window: tumbling("5m"),
  measures: { n: count(), amount: sum(f.amount) },
});
const rolling = metric("rolling", {
  from: visits,
  window: sliding("10m", "1m"),
  measures: { n: count(), users: countDistinct(f.user) },
});
const stays = metric("stays", {
  from: visits,
  by: { user: f.user },
  window: session("30m"),
  measures: { n: count(), amount: sum(f.amount) },
});
const daily = model("daily", {
  from: visits,
  by: { user: f.user, date: day() },
  measures: { n: count(), amount: sum(f.amount) },
});
const byCountry = model("by_country", {
  from: daily,
  join: { table: people, on: daily.fields.user, type: "inner" },
  by: { country: people.fields.country, date: day() },
  measures: { users: countDistinct(daily.fields.user), amount: sum(daily.fields.amount) },
});
const cubeByPage = cube("by-page", {
  from: visits,
  every: "hour",
  by: { page: f.page },
  measures: { n: count(), amount: sum(f.amount) },
});
const { plan } = pipeline({
  events: [visits],
  tables: [people],
  metrics: [perPage, rolling, stays],
  models: [daily, byCountry],
  cubes: [cubeByPage],
  rules: [rule("not-negative", { on: visits, expect: f.amount.gte(0), severity: "fail" })],
});

interface Visit {
  readonly user: string;
  readonly page?: string;
  readonly amount?: string;
  readonly time: number;
  readonly receivedAt?: number;
  readonly flags?: number;
}

let engine: TestWarehouse;
let context: BatchContext;
let offset = 0;
const progress = DAY + 48 * HOUR;

before(async () => {
  engine = await openTestWarehouse();
  context = {
    plan,
    topics: topicsOf(plan),
    warehouse: engine.warehouse,
    engine: new ClickHouseEngine({ warehouse: engine.warehouse }),
    amendFrom: "table",
    clock: manualClock(progress),
    slackMs: 10_000,
    progress: () => progress,
    pauseLoading: (_topic, work) => work(),
    beforeWriting: async () => undefined,
  };
  await applyTables(plan, engine.warehouse);
  await createRunTables(engine.warehouse);
});
after(() => engine.close());

async function load(loaded: readonly Visit[]): Promise<void> {
  const rows = loaded.map(({ user, page, amount, time, receivedAt = time, flags = 0 }) => ({
    _offset: offset++,
    received_at: asTime(receivedAt),
    _flags: flags,
    event_id: `e${offset}`,
    user,
    page: page ?? null,
    amount: amount ?? null,
    timestamp: asTime(time),
  }));
  await engine.warehouse.insertRows({ table: "visits", rows });
}

async function reset(): Promise<void> {
  const tables = await engine.warehouse.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'millrace' AND engine LIKE '%MergeTree' AND name != 'millrace_runs'",
  );
  for (const { name } of tables) {
    await engine.warehouse.command(`TRUNCATE TABLE ${quoteName(name)}`);
  }
}

const stream = async (): Promise<void> => {
  for (const each of plan.metrics) {
    await writeStreamRows(context, each, { fromMs: DAY - 24 * HOUR, toMs: DAY + 48 * HOUR });
  }
};

const touch = (times: readonly number[], changed = false): TouchedHour[] =>
  [...new Set(times.map((time) => Math.floor(time / HOUR) * HOUR))].map((hour) => ({
    topic: "visits",
    hour,
    ...(changed ? { changed } : {}),
  }));

const staysOf = (user: string): Promise<Record<string, unknown>[]> =>
  engine.warehouse.query(
    `SELECT toString(window_start) AS s, toString(window_end) AS e, n, amount, generation AS g FROM stays WHERE user = '${user}' ORDER BY s`,
  );
const at = (ms: number): string => asTime(ms);

describe("amendment", () => {
  test("joins sessions that a late event connects, and deletes what ceased", async () => {
    await reset();
    await load([
      { user: "a", time: DAY + HOUR, amount: "1.5" },
      { user: "a", time: DAY + HOUR + 40 * MINUTE, amount: "2" },
      { user: "b", time: DAY + HOUR, amount: "7" },
    ]);
    await stream();
    assert.equal((await staysOf("a")).length, 2);
    const late = DAY + HOUR + 20 * MINUTE;
    await load([{ user: "a", time: late, receivedAt: late + 2 * HOUR, amount: "4" }]);
    const [report] = await amend(context, touch([late]));
    assert.deepEqual(report!.cleared, [DAY + HOUR]);
    assert.deepEqual(await staysOf("a"), [
      {
        s: at(DAY + HOUR),
        e: at(DAY + HOUR + 40 * MINUTE),
        n: "3",
        amount: "7.5",
        g: report!.generation,
      },
    ]);
    assert.deepEqual(await staysOf("b"), [
      { s: at(DAY + HOUR), e: at(DAY + HOUR), n: "1", amount: "7", g: 0 },
    ]);
    const ofStays = report!.metrics.find((each) => each.metric === "stays")!;
    assert.deepEqual([ofStays.written, ofStays.deleted], [2, 1]);
    const again = await amend(context, touch([late]));
    assert.deepEqual(
      again[0]!.metrics.map((each) => each.written),
      [0, 0, 0],
    );
  });

  test("splits a session again when the event between is erased, and rebuilds the cube", async () => {
    await reset();
    const times = [DAY + HOUR, DAY + HOUR + 20 * MINUTE, DAY + HOUR + 40 * MINUTE];
    await load(times.map((time) => ({ user: "a", time, amount: "1", page: "/p" })));
    await stream();
    await engine.warehouse.command(`DELETE FROM visits WHERE timestamp = '${asTime(times[1]!)}'`);
    const [report] = await amend(context, touch([times[1]!], true));
    assert.equal(report!.cubeMonths, 1);
    assert.deepEqual(
      (await staysOf("a")).map(({ s, n }) => [s, n]),
      [
        [at(times[0]!), "1"],
        [at(times[2]!), "1"],
      ],
    );
    const [cell] = await engine.warehouse.query("SELECT n, amount FROM `by-page`");
    assert.deepEqual(cell, { n: "2", amount: "2" });
    assert.equal(
      (await auditDay(context, "2024-03-09")).metrics.filter(
        (each) => each.side === "served" && each.missing + each.extra + each.different > 0,
      ).length,
      0,
    );
  });

  test("waits for hours whose windows are open", async () => {
    await reset();
    const time = progress - 10 * MINUTE;
    await load([{ user: "a", time, receivedAt: progress }]);
    const [report] = await amend(context, touch([time]));
    assert.deepEqual([report!.cleared, report!.waiting.length, report!.generation], [[], 1, 0]);
  });

  test("leaves a session alone while it is open, and goes on with the others", async () => {
    await reset();
    const closedMs = progress - 300_000 - 10_000;
    const first = closedMs - 3 * HOUR;
    const beats = Array.from({ length: 9 }, (_, index) => first + index * 22 * MINUTE);
    await load(beats.map((time) => ({ user: "long", time })));
    await load([{ user: "short", time: first }]);
    await stream();
    assert.deepEqual(await staysOf("long"), []);
    const late = { receivedAt: progress, time: first + MINUTE };
    await load([
      { user: "short", ...late },
      { user: "long", ...late },
    ]);
    const [report] = await amend(context, touch([late.time]));
    assert.deepEqual(await staysOf("long"), []);
    assert.equal((await staysOf("short"))[0]!["n"], "2");
    assert.equal(report!.waiting.length, 1);
  });

  test("of random histories gives what all events give; the audit finds nothing", async () => {
    const random = seededRandom(Number(process.env["SEED"] ?? 1));
    for (let run = 0; run < Number(process.env["RUNS"] ?? 1); run++) {
      await reset();
      const visitsOf = (n: number, late: boolean): Visit[] =>
        Array.from({ length: n }, () => {
          const time = DAY + random.integer(26) * HOUR + random.integer(HOUR);
          const flags = late && random.next() < 0.5 ? 4 : 0;
          return {
            user: `u${random.integer(4)}`,
            page: random.next() < 0.2 ? undefined! : `/p${random.integer(3)}`,
            amount: `${random.integer(100)}.${random.integer(100)}`,
            time,
            receivedAt: late ? time + 300_001 + random.integer(2 * HOUR) : time + 1,
            flags,
          };
        });
      await load(visitsOf(60, false));
      await stream();
      const late = visitsOf(25, true);
      await load(late);
      const before = await auditDay(context, "2024-03-09");
      const isServed = ({ side }: { side: string }): boolean => side === "served";
      const differs = (each: { missing: number; extra: number; different: number }): number =>
        each.missing + each.extra + each.different;
      assert.ok(before.metrics.filter(isServed).some((each) => differs(each) > 0));
      await amend(context, touch(late.map((each) => each.time)));
      const audit = await auditDay(context, "2024-03-09");
      const served = audit.metrics.filter(isServed);
      assert.deepEqual(
        served.filter((each) => differs(each) > 0),
        [],
      );
      // late_pending of the stream's rows was counted before the late events came.
      const wrong = audit.metrics.filter(
        (each) => !isServed(each) && each.missing + each.extra > 0,
      );
      assert.deepEqual(wrong, []);
    }
  });
});

describe("models", () => {
  test("replace a day, keep its month's others, and count who the join doesn't know", async () => {
    await reset();
    await engine.warehouse.insertRows({
      table: "people",
      rows: [
        { _offset: 0, event_id: "p0", timestamp: at(DAY + HOUR), user: "a", country: "DE" },
        { _offset: 1, event_id: "p1", timestamp: at(DAY + 25 * HOUR), user: "a", country: "FR" },
        { _offset: 2, event_id: "p2", timestamp: at(DAY + 25 * HOUR), user: "a", country: "IT" },
      ],
    });
    await load([
      { user: "a", time: DAY, amount: "1.5" },
      { user: "a", time: DAY + 24 * HOUR - 1, amount: "1" },
      { user: "a", time: DAY + 24 * HOUR, amount: "8" },
      { user: "b", time: DAY + 2 * HOUR },
    ]);
    const days = ["2024-03-09", "2024-03-10"];
    const reports = await runModels(context, { days });
    assert.deepEqual(
      reports.map((each) => [each.model, each.rows, each.unmatched]),
      [
        ["daily", 3, 0],
        ["by_country", 2, 1],
      ],
    );
    const expected = [
      { country: "DE", date: "2024-03-09", users: "1", amount: "2.5" },
      { country: "IT", date: "2024-03-10", users: "1", amount: "8" },
    ];
    const countries = (): Promise<unknown[]> =>
      engine.warehouse.query("SELECT country, date, users, amount FROM by_country ORDER BY date");
    assert.deepEqual(await countries(), expected);
    await runModels(context, { days: ["2024-03-10"], models: ["by_country"] });
    assert.deepEqual(await countries(), expected);
    await engine.warehouse.command("TRUNCATE TABLE visits");
    await runModels(context, { days: ["2024-03-10"] });
    assert.deepEqual(await countries(), expected.slice(0, 1));
    await runModels(context, { days });
    assert.deepEqual(await countries(), []);
  });

  test("a broken rule of severity fail keeps a day as it was, and says why", async () => {
    await reset();
    await load([
      { user: "a", time: DAY, amount: "1" },
      { user: "a", time: DAY + 24 * HOUR, amount: "1" },
    ]);
    await runModels(context, { days: ["2024-03-09", "2024-03-10"] });
    await load([
      { user: "a", time: DAY, amount: "-1" },
      { user: "a", time: DAY, amount: "-2" },
      { user: "a", time: DAY + 24 * HOUR, amount: "4" },
    ]);
    const reports = await runModels(context, { days: ["2024-03-09", "2024-03-10"] });
    assert.throws(() => assertPublished(reports), {
      code: "RULE_BROKEN",
      field: "not-negative",
      message: /^2 events of visits on 2024-03-09 break the rule not-negative/,
    });
    assert.deepEqual(await engine.warehouse.query("SELECT date, amount FROM daily ORDER BY date"), [
      { date: "2024-03-09", amount: "1" },
      { date: "2024-03-10", amount: "5" },
    ]);
    const [run] = await engine.warehouse.query(
      "SELECT status, from_day FROM millrace_runs WHERE name = 'daily' ORDER BY started_ms DESC, at DESC LIMIT 1",
    );
    assert.deepEqual(run, { status: "failed", from_day: "2024-03-09" });
  });
});

describe("the lake", () => {
  test("is what models and backfill read, columns of older files missing", async () => {
    await reset();
    const lake = openEmbeddedLake({ dir: join(engine.folder, "lake"), clock: context.clock });
    const rows = [
      `SELECT 0 AS _offset, toDateTime64('${at(DAY)}', 3, 'UTC') AS received_at, 0 AS _flags, 'e0' AS event_id, 'a' AS user, toDecimal64('1.5', 4) AS amount, received_at AS timestamp`,
      `SELECT 0 AS _offset, toDateTime64('${at(DAY + HOUR)}', 3, 'UTC') AS received_at, 0 AS _flags, 'e1' AS event_id, 'b' AS user, toDecimal64('2', 4) AS amount, received_at AS timestamp`,
    ];
    for (const [partition, sql] of rows.entries()) {
      const range = { topic: "visits", partition, from: 0, to: 1 };
      const path = join(await lake.begin(range), "2024-03-09.parquet");
      await engine.warehouse.exportFile({ from: { sql }, path, format: "Parquet" });
      const time = DAY + partition * HOUR;
      await lake.commit(range, [
        {
          path,
          date: "2024-03-09",
          rows: 1,
          minTime: time,
          maxTime: time,
          minReceivedAt: time,
          maxReceivedAt: time,
        },
      ]);
    }
    const lakeEngine = new ClickHouseEngine({ warehouse: engine.warehouse, lake });
    const withLake = { ...context, engine: lakeEngine, lake };
    const report = await backfillDays(withLake, { fromDay: "2024-03-09", toDay: "2024-03-10" });
    assert.deepEqual(
      report.models.map((each) => [each.model, each.rows]),
      [
        ["daily", 2],
        ["by_country", 0],
      ],
    );
    assert.deepEqual(await engine.warehouse.query("SELECT user, amount FROM daily ORDER BY user"), [
      { user: "a", amount: "1.5" },
      { user: "b", amount: "2" },
    ]);
    assert.deepEqual(
      (await staysOf("b")).map(({ s, n }) => [s, n]),
      [[at(DAY + HOUR), "1"]],
    );
    await assert.rejects(backfillDays(withLake, { fromDay: "x", toDay: "2024-03-10" }), {
      code: "CONFIG_INVALID",
    });
    lake.close();
  });
});

describe("cubes", () => {
  test("that are new to a topic with events are filled once", async () => {
    await reset();
    await load([{ user: "a", time: DAY, amount: "1", page: "/p" }]);
    const cells = () => engine.warehouse.query("SELECT page, n, amount FROM `by-page`");
    const expected = await cells();
    assert.deepEqual(await fillNewCubes(context), []);
    await engine.warehouse.command(
      `TRUNCATE TABLE ${quoteName(cubeNames(cubeByPage.node).target)}`,
    );
    assert.deepEqual(await fillNewCubes(context), ["by-page"]);
    assert.deepEqual(await cells(), expected);
    assert.deepEqual(await fillNewCubes(context), []);
  });
});

describe("backfill", () => {
  test("fills a changed meaning beside the old one, then switches", async () => {
    await reset();
    await load([
      { user: "a", page: "/1", time: DAY - 40 * 24 * HOUR, amount: "1", flags: 4 },
      { user: "a", page: "/1", time: DAY, amount: "2" },
      { user: "b", page: "/1", time: DAY + MINUTE, receivedAt: progress, amount: "3" },
      { user: "b", page: "/1", time: progress - MINUTE, amount: "5" },
    ]);
    await stream();
    const changed = metric("per-page", {
      from: visits,
      by: { page: f.page },
      window: tumbling("1h"),
      measures: { amount: sum(f.amount) },
    }).node;
    const report = await backfillMetric(context, changed, { sinceMs: progress - 30 * MINUTE });
    assert.equal(report.remaining, true);
    const rows = await engine.warehouse.query(
      "SELECT toString(window_start) AS s, amount, generation FROM `per-page` ORDER BY s",
    );
    assert.deepEqual(rows, [
      { s: at(DAY - 40 * 24 * HOUR), amount: "1", generation: report.generation },
      { s: at(DAY), amount: "5", generation: report.generation },
    ]);
    const later = { ...context, progress: () => progress + 2 * HOUR };
    const second = await backfillMetric(later, changed, { sinceMs: progress - 30 * MINUTE });
    assert.deepEqual([second.remaining, second.rows], [false, 1]);
    assert.deepEqual((await dropFormerMeanings(context, changed)).length, 2);
    const third = await backfillMetric(later, changed, { sinceMs: progress - 30 * MINUTE });
    assert.equal(third.rows, 0);
  });
});
