import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { formatDecimal } from "../../../core/decimal.ts";
import { seededRandom, type Random } from "../../../core/random.ts";
import {
  and,
  avg,
  count,
  countDistinct,
  countIf,
  event,
  max,
  metric,
  min,
  not,
  or,
  pipeline,
  ratio,
  session,
  sliding,
  sum,
  t,
  tumbling,
} from "../../../index.ts";
import {
  openTestWarehouse,
  type TestWarehouse,
} from "../../../process/batch/test-support/test-warehouse.ts";
import { metricComponents } from "../../plan/metric-row.ts";
import type { MetricNode } from "../../plan/nodes.ts";
import { topicsOf } from "../../plan/topic.ts";
import type { MetricSelectOptions } from "./metric-rows.ts";
import { metricSelect } from "./metric-select.ts";
import { sessionExtentSelect } from "./window-session.ts";
import { quoteName } from "./sql-text.ts";
import { naiveRows, type Plain, type PlainEvent } from "./test-support/naive-metric.ts";
import { topicTable } from "./topic-table.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const RUNS = Number(process.env["RUNS"] ?? 4);

const events = event(
  "odd `name' \\",
  {
    event_id: t.id(),
    user: t.string(),
    kind: t.oneOf("view", "buy").optional(),
    "o'dd`f\\ield": t.string().optional(),
    at: t.timestamp(),
    price: t.decimal(18, 4).optional(),
    huge: t.decimal(38, 10).optional(),
    whole: t.integer().optional(),
    flag: t.boolean().optional(),
    measured: t.float().optional(),
  },
  { id: "event_id", time: "at", key: "user" },
);
const f = events.fields;
const odd = f["o'dd`f\\ield"];
const isBuy = f.kind.is("buy");

const metrics = [
  metric("tumbling", {
    from: events,
    where: or(f.flag as never, f.whole.gt(5), not(isBuy)),
    by: { odd, kind: f.kind },
    window: tumbling("5m"),
    grace: "1m",
    measures: {
      n: count(),
      bought: countIf(isBuy),
      revenue: sum(f.price).where(isBuy),
      least: min(f.price).where(isBuy.and(f.whole.isNotNull())),
      latest: max(f.at),
      mean: avg(f.whole),
      hottest: max(f.measured),
      rate: ratio(countIf(isBuy), countIf(not(isBuy))),
    },
  }),
  metric("exact", {
    from: events,
    by: { flag: f.flag, price: f.price, dearer: f.price.plus("0.5") },
    window: tumbling("7s"),
    measures: {
      amount: sum(f.price.times(f.whole)),
      huge: sum(f.huge),
      product: sum(f.huge.plus(f.price)).where(f.huge.gt(f.price)),
      top: max(f.whole.times(f.whole).times(f.whole)),
      over: countIf(f.huge.gte("1.2345")),
      under: countIf(f.price.lt(f.whole)),
      either: sum(f.price.or(f.whole)),
      some: countIf(f.whole.in(1, 2, "9223372036854775807")),
      others: countIf(not(odd.in("a", "ü", 'q"'))),
      after: countIf(odd.is("ü").or(f.measured.gt(f.price))),
    },
  }),
  metric("sliding", {
    from: events,
    by: { kind: f.kind },
    window: sliding("10m", "1m"),
    grace: "1m",
    measures: { n: count(), users: countDistinct(f.user, { limit: 3 }), revenue: sum(f.price) },
  }),
  metric("uneven", {
    from: events,
    window: sliding("50s", "20s"),
    measures: { n: count(), odd: countDistinct(odd), whole: min(f.whole) },
  }),
  metric("sparse", {
    from: events,
    by: { user: f.user },
    window: sliding("10s", "30s"),
    measures: { n: count() },
  }),
  metric("session", {
    from: events,
    where: and(f.user.isNotNull()),
    by: { user: f.user.or(odd), odd },
    window: session("30s"),
    grace: "20s",
    measures: { n: count(), revenue: sum(f.price).where(isBuy), kinds: countDistinct(f.kind) },
  }),
  metric("alone", {
    from: events,
    window: session("2s"),
    measures: { n: count(), first: min(f.at) },
  }),
].map((each) => each.node);

const { plan } = pipeline({ events: [events], metrics: [] });
const topic = topicsOf(plan)[0]!;
const table = quoteName(topic.name);
const DAY = 1_700_006_400_000; // a midnight: sessions cross it
const HARD_TEXTS = ["a", "ü", 'q"', "\\", "a/b", "\u0001\u001f\n\t", "\u2028", "'", "", "😀", "`"];

/** A history that is dense around the edges: equal times, exact gaps, exact grace, late, imported. */
function randomHistory(random: Random): PlainEvent[] {
  const pick = <T>(values: readonly T[]): T => values[random.integer(values.length)]!;
  const maybe = (value: Plain): Plain => (random.next() < 0.3 ? null : value);
  const whole = (): bigint => pick([0n, 1n, -3n, 7n, 2n ** 63n - 1n, -(2n ** 63n), 40n]);
  let time = DAY - random.integer(400_000);
  return Array.from({ length: 1 + random.integer(80) }, () => {
    time += pick([0, 1, 999, 1_000, 2_000, 2_001, 20_000, 30_000, 30_001, 60_000, -15_000]);
    const delay = pick([0, 5, 20_000, 20_001, 60_000, 60_001, 299_999, 300_000, 300_001, 900_000]);
    return {
      time,
      receivedAt: time + delay,
      flags: pick([0, 0, 0, 0, 4, 1, 8, 16]),
      values: {
        user: pick(["u1", "u2", 'u"3', "ü", "u5"]),
        kind: maybe(pick(["view", "buy"])),
        [odd.node.kind === "field" ? odd.node.path : ""]: maybe(pick(HARD_TEXTS)),
        at: time,
        price: maybe(pick([0n, 1n, -12_345n, 999_999_999_999_999_999n, 250_000n])),
        huge: maybe(pick([10n ** 38n - 1n, -(10n ** 38n) + 1n, 12_345_000_000n, 1n, 0n])),
        whole: maybe(whole()),
        flag: maybe(random.next() < 0.5),
        measured: maybe(pick([0.1, -1.5, 1e21, 0.3])),
      },
    };
  });
}

const asTime = (ms: number): string => new Date(ms).toISOString().slice(0, 23).replace("T", " ");

function stored(each: PlainEvent, offset: number): Record<string, unknown> {
  const row: Record<string, unknown> = {
    _offset: offset,
    received_at: asTime(each.receivedAt),
    _flags: each.flags,
    event_id: String(offset),
  };
  for (const column of topic.layout.columns.filter((one) => one.role === "declared")) {
    const value = each.values[column.name];
    if (value === undefined) continue;
    const { valueType } = column;
    if (typeof value === "bigint") {
      row[column.name] = formatDecimal(value, valueType.kind === "decimal" ? valueType.scale : 0);
    } else row[column.name] = valueType.kind === "timestamp" ? asTime(value as number) : value;
  }
  return row;
}

let engine: TestWarehouse;
before(async () => {
  engine = await openTestWarehouse();
  for (const sql of topicTable(topic)) await engine.warehouse.command(sql);
});
after(() => engine.close());

async function load(history: readonly PlainEvent[]): Promise<void> {
  await engine.warehouse.command(`TRUNCATE TABLE ${table}`);
  await engine.warehouse.insertRows({ table: topic.name, rows: history.map(stored) });
}

const WIDE = { fromMs: DAY - 10_000_000, toMs: DAY + 10_000_000, readToMs: DAY + 20_000_000 };

async function engineRows(
  node: MetricNode,
  options: Partial<MetricSelectOptions> & Pick<MetricSelectOptions, "lateness">,
): Promise<string[]> {
  const sql = metricSelect(node, topic, { relation: table, ...WIDE, ...options });
  const values = metricComponents(node).map(({ name, type }) => {
    const column = quoteName(name);
    if (type.kind === "decimal") return `toDecimalString(${column}, ${type.scale})`;
    return type.kind === "timestamp" ? `toUnixTimestamp64Milli(${column})` : column;
  });
  const rows = await engine.warehouse.query<Record<string, never>>(
    `SELECT toUnixTimestamp64Milli(window_start) AS s, toUnixTimestamp64Milli(window_end) AS e, key AS k, [${values.map((value) => `ifNull(toString(${value}), 'null')`).join(", ")}] AS c, incomplete AS i, late_pending AS p FROM (${sql})`,
  );
  return rows
    .map(({ s, e, k, c, i, p }) => [s, e, k, JSON.stringify(c), i, p].join("|"))
    .toSorted();
}

/** Floats have one text in JavaScript and another in ClickHouse. */
const floats = (rows: readonly string[]): string[] =>
  rows.map((row) => row.replace("1e21", "1e+21")).toSorted();

describe("the rows of a metric from ClickHouse", () => {
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED * 1_000 + run;
    test(`equal the naive computation (seed ${seed})`, async () => {
      const history = randomHistory(seededRandom(seed));
      await load(history);
      for (const node of metrics) {
        for (const lateness of ["on-time", "all"] as const) {
          const found = floats(await engineRows(node, { lateness }));
          assert.deepEqual(found, naiveRows(node, history, lateness), `${node.name} ${lateness}`);
        }
      }
    });
  }

  test("are those of a range when asked for a range, and of keys, and of ended windows", async () => {
    const history = randomHistory(seededRandom(SEED + 77));
    await load(history);
    const [fromMs, toMs] = [DAY - 100_000, DAY + 60_000];
    for (const node of metrics) {
      const all = naiveRows(node, history, "all");
      const within = all.filter((row) => {
        const start = Number(row.split("|")[0]);
        return start >= fromMs && start < toMs;
      });
      const range = { lateness: "all", fromMs, toMs } as const;
      assert.deepEqual(floats(await engineRows(node, range)), within, node.name);
      const key = within[0]?.split("|")[2];
      if (key === undefined) continue;
      const ofKey = floats(await engineRows(node, { ...range, keys: [key] }));
      assert.deepEqual(
        ofKey,
        within.filter((row) => row.split("|")[2] === key),
      );
      const gap = node.window.kind === "session" ? node.window.gapMs : 0;
      const ended = within.filter((row) => Number(row.split("|")[1]) + gap <= DAY);
      assert.deepEqual(floats(await engineRows(node, { ...range, endedByMs: DAY })), ended);
    }
  });

  test("are none over no events", async () => {
    await load([]);
    for (const node of metrics) {
      assert.deepEqual(await engineRows(node, { lateness: "on-time" }), []);
    }
  });

  test("a session's extent is told from a part of what there is", async () => {
    const at = (offsets: readonly number[]): PlainEvent[] =>
      offsets.map((offset) => ({
        time: DAY + offset,
        receivedAt: DAY + offset,
        flags: 0,
        values: { user: "u", at: DAY + offset },
      }));
    await load(at([-90_000, -60_000, -30_000, 0, 30_000, 60_001]));
    const node = metrics.find((each) => each.name === "session")!;
    const extent = async (readFromMs: number, readToMs: number) =>
      engine.warehouse.query<{ first: string | null; last: string | null }>(
        sessionExtentSelect(node, topic, {
          relation: table,
          lateness: "all",
          fromMs: DAY - 10,
          toMs: DAY + 10,
          readFromMs,
          readToMs,
        }),
      );
    assert.deepEqual(await extent(DAY - 50_000, DAY + 20_000), [
      { first: String(DAY - 30_000), last: String(DAY) },
    ]);
    assert.deepEqual(await extent(DAY - 500_000, DAY + 200_000), [
      { first: String(DAY - 90_000), last: String(DAY + 30_000) },
    ]);
    assert.deepEqual(await extent(DAY + 1, DAY + 5), [{ first: null, last: null }]);
  });
});
