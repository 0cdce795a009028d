import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { dataSet } from "./data-set.ts";
import { duckQuery } from "./duck.ts";
import { LiveTraffic, PipelineUnderTest, until, type Summary } from "./pipeline-under-test.ts";
import { assertSameRows } from "./same-rows.ts";

const data = dataSet(
  "online-retail/online_retail.csv.gz",
  "online-retail/sample/online-retail-first-2000.csv.gz",
);
/** Only what was imported: live traffic is of now. */
const PAST = "'2012-01-01 00:00:00'";

// every line is between 6 and 21 o'clock, so the days of London are those of UTC (tested below)
const RAW = `CREATE TABLE r AS SELECT InvoiceNo AS invoice, StockCode AS stock_code, Country AS country,
  CAST(Quantity AS BIGINT) AS quantity, CAST(UnitPrice AS DECIMAL(18, 4)) AS unit_price,
  CAST(CAST(UnitPrice AS DECIMAL(18, 4)) * CAST(Quantity AS BIGINT) AS DECIMAL(38, 4)) AS amount,
  CAST(InvoiceDate AS TIMESTAMP) AS ts, regexp_replace(CustomerID, '\\.0$', '') AS customer,
  CASE WHEN InvoiceNo LIKE 'C%' THEN 'refund' WHEN InvoiceNo LIKE 'A%' THEN 'adjustment' ELSE 'purchase' END AS kind
  FROM read_csv('${data.file}', all_varchar = true, nullstr = '');`;

const raw = (sql: string): Promise<Record<string, unknown>[]> => duckQuery(RAW + sql);

const live = (n: number): object => ({
  event_id: `live-${n}`,
  customer_id: `live-${n % 7}`,
  event_type: n % 10 === 0 ? "refund" : "purchase",
  timestamp: new Date().toISOString(),
  invoice: `live-${n}`,
  stock_code: "live",
  quantity: 1,
  unit_price: "0.10",
  country: "Live",
});

const DAY = "toUnixTimestamp64Milli(window_start)";

describe(
  "online-retail: an import beside live traffic, killed on the way",
  { timeout: 420_000 },
  () => {
    let pipeline: PipelineUnderTest;
    let summary: Summary;
    let liveAccepted = 0;

    const start = () =>
      pipeline.import(
        data.file,
        "--event=invoice-lines",
        "--map=examples/online-retail/map.ts",
        "--time-zone=Europe/London",
      );
    const imported = async (): Promise<number> => {
      const sql = `SELECT count() AS n FROM \`invoice-lines\` WHERE timestamp < ${PAST}`;
      return Number((await pipeline.sql(sql).catch(() => [{ n: 0 }]))[0]!["n"]);
    };

    before(async () => {
      pipeline = await PipelineUnderTest.start("examples/online-retail");
      const traffic = new LiveTraffic(pipeline, "invoice-lines", live);
      if (data.isWhole) {
        const killed = start();
        killed.summary().catch(() => undefined);
        await until(async () => (await imported()) > 0);
        await killed.kill();
      }
      const outliving = start();
      outliving.summary().catch(() => undefined);
      if (data.isWhole) {
        const had = await imported();
        await until(async () => (await imported()) > had + 20_000);
        await pipeline.kill();
        await pipeline.start();
      }
      summary = await outliving.summary();
      liveAccepted = await traffic.stop();
    });
    after(() => pipeline.stop());

    test("every line is accounted for; importing the file again changes nothing", async () => {
      const [{ n } = { n: 0 }] = await raw("SELECT count(*) AS n FROM r");
      assert.equal(summary.rows, Number(n));
      assert.deepEqual(
        [
          summary.accepted,
          summary.duplicate,
          summary.quarantined,
          summary.refused,
          summary.skipped,
        ],
        [Number(n), 0, 0, 0, 0],
      );
      const again = await start().summary();
      assert.equal(again.done_before, Number(n));
      assert.equal(await imported(), Number(n));
    });

    test("rows, invoices, customers, products, refunds", async () => {
      const theirs = await raw(`SELECT count(*) AS n, count(DISTINCT invoice) AS invoices,
      count(DISTINCT stock_code) AS products, count(DISTINCT customer) AS customers,
      count(DISTINCT country) AS countries, count(*) FILTER (customer IS NULL) AS unknown,
      count(*) FILTER (kind = 'refund') AS refunds,
      count(DISTINCT invoice) FILTER (kind = 'refund') AS refund_invoices,
      CAST(sum(quantity) AS BIGINT) AS items, min(hour(ts)) >= 6 AND max(hour(ts)) <= 21 AS office FROM r`);
      const ours = await pipeline.sql(`SELECT count() AS n, uniqExact(invoice) AS invoices,
      uniqExact(stock_code) AS products, uniqExact(customer_id) AS customers, uniqExact(country) AS countries,
      countIf(customer_id IS NULL) AS unknown, countIf(event_type = 'refund') AS refunds,
      uniqExactIf(invoice, event_type = 'refund') AS refund_invoices, sum(quantity) AS items, 1 AS office
      FROM \`invoice-lines\` WHERE timestamp < ${PAST}`);
      assertSameRows(ours, theirs, "profile");
      if (!data.isWhole) return;
      const [known] = data.reference["profile"]!.rows as number[][];
      const [row] = ours;
      assert.deepEqual(
        ["n", "invoices", "products", "customers", "countries", "unknown"].map((name) =>
          Number(row![name]),
        ),
        known!.slice(0, 6),
      );
      assert.deepEqual(
        [Number(row!["refunds"]), Number(row!["refund_invoices"])],
        known!.slice(9, 11),
      );
    });

    test("revenue and refunds by day, country and kind, to the last digit", async () => {
      const theirs =
        await raw(`SELECT epoch_ms(date_trunc('day', ts)) AS day, country, kind, count(*) AS lines,
      CAST(sum(quantity) AS VARCHAR) AS items, CAST(sum(amount) AS VARCHAR) AS amount,
      CAST(sum(amount) FILTER (quantity > 0) AS VARCHAR) AS sold,
      CAST(sum(amount) FILTER (quantity < 0) AS VARCHAR) AS refunded FROM r GROUP BY ALL`);
      const exact = (name: string): string =>
        `if(${name} IS NULL, NULL, toDecimalString(${name}, 4)) AS ${name}_`;
      const ours =
        await pipeline.sql(`SELECT ${DAY} AS day, country, event_type AS kind, lines, toString(items) AS items_,
      ${exact("amount")}, ${exact("sold")}, ${exact("refunded")} FROM \`revenue-by-day\` WHERE window_start < ${PAST}`);
      assertSameRows(ours.map(withoutMarks), theirs, "revenue by day");
    });

    test("revenue by month, the known answers to the cent", async () => {
      const theirs =
        await raw(`SELECT strftime(ts, '%Y-%m-01') AS month, CAST(sum(amount) AS VARCHAR) AS net,
      CAST(sum(amount) FILTER (quantity > 0) AS VARCHAR) AS gross FROM r GROUP BY ALL`);
      const ours = await pipeline.sql(`SELECT toString(toStartOfMonth(window_start)) AS month,
      toDecimalString(sum(amount), 4) AS net, toDecimalString(sum(sold), 4) AS gross
      FROM \`revenue-by-day\` WHERE window_start < ${PAST} GROUP BY month`);
      assertSameRows(ours, theirs, "revenue by month");
      if (!data.isWhole) return;
      const known = data.reference["revenue_by_month"]!.rows as [
        string,
        number,
        number,
        number,
        number,
      ][];
      const cents = ours.map(({ month, net, gross }) => ({
        month,
        net: cent(net),
        gross: cent(gross),
      }));
      assertSameRows(
        cents,
        known.map(([month, net, gross]) => ({
          month,
          net: net.toFixed(2),
          gross: gross.toFixed(2),
        })),
        "revenue by month, known answers",
      );
    });

    test("distinct invoices and customers by day", async () => {
      const theirs =
        await raw(`SELECT epoch_ms(date_trunc('day', ts)) AS day, count(DISTINCT invoice) AS invoices,
      count(DISTINCT customer) AS customers FROM r GROUP BY ALL`);
      const ours = await pipeline.sql(
        `SELECT ${DAY} AS day, invoices, customers FROM \`reach-by-day\` WHERE window_start < ${PAST}`,
      );
      assertSameRows(ours, theirs, "reach by day");
    });

    test("monthly cohorts", async () => {
      const cohorts = (
        customer: string,
        kind: string,
        month: string,
        from: string,
        months: string,
      ): string =>
        `WITH o AS (SELECT DISTINCT ${customer} AS c, ${month} AS m FROM ${from} AND ${kind} != 'refund' AND ${customer} IS NOT NULL),
        f AS (SELECT c, min(m) AS first FROM o GROUP BY c)
      SELECT first AS cohort, ${months} AS k, count(*) AS users FROM o JOIN f ON o.c = f.c GROUP BY cohort, k`;
      const theirs = await raw(
        cohorts(
          "customer",
          "kind",
          "CAST(date_trunc('month', ts) AS DATE)",
          "r WHERE true",
          "datediff('month', first, m)",
        ),
      );
      const ours = await pipeline.sql(
        cohorts(
          "customer_id",
          "event_type",
          "toStartOfMonth(timestamp)",
          `\`invoice-lines\` WHERE timestamp < ${PAST}`,
          "dateDiff('month', first, m)",
        ),
      );
      assertSameRows(ours, theirs, "cohorts");
      if (!data.isWhole) return;
      const known = data.reference["cohort_retention_months"]!.rows as [string, number, number][];
      assertSameRows(
        ours,
        known.map(([cohort, k, users]) => ({ cohort, k, users })),
        "cohorts, known answers",
      );
    });

    test("the model of customers' days and the cube of products", async () => {
      const theirs =
        await raw(`SELECT CAST(CAST(ts AS DATE) AS VARCHAR) AS day, customer, count(DISTINCT invoice) AS invoices,
      CAST(sum(quantity) AS VARCHAR) AS items, CAST(sum(amount) AS VARCHAR) AS amount
      FROM r WHERE customer IS NOT NULL GROUP BY ALL`);
      const ours =
        await pipeline.sql(`SELECT toString(_day) AS day, customer_id AS customer, invoices,
      toString(items) AS items_, toDecimalString(amount, 4) AS amount_ FROM customer_days WHERE _day < '2012-01-01'`);
      assertSameRows(ours.map(withoutMarks), theirs, "model");
      const products =
        await raw(`SELECT epoch(date_trunc('month', ts))::BIGINT AS month, stock_code, count(*) AS lines,
      CAST(sum(quantity) AS VARCHAR) AS items, CAST(sum(amount) AS VARCHAR) AS amount FROM r GROUP BY ALL`);
      const cube =
        await pipeline.sql(`SELECT toUnixTimestamp(toDateTime(toStartOfMonth(p.day), 'UTC')) AS month, stock_code,
      sum(p.lines) AS lines_, toString(sum(p.items)) AS items_, toDecimalString(sum(p.amount), 4) AS amount_
      FROM products AS p WHERE p.day < ${PAST} GROUP BY month, stock_code`);
      assertSameRows(cube.map(withoutMarks), products, "cube");
      if (!data.isWhole) return;
      const [top] = await pipeline.sql(`SELECT stock_code, sum(p.items) AS q FROM products AS p
      WHERE p.day < ${PAST} GROUP BY stock_code ORDER BY q DESC, stock_code LIMIT 1`);
      const [known] = data.reference["top10_products_by_qty"]!.rows as [string, number][];
      assert.deepEqual([top!["stock_code"], Number(top!["q"])], known);
    });

    test("the live events beside it are all there, once each", async () => {
      const sql = `SELECT count() AS n, uniqExact(event_id) AS ids FROM \`invoice-lines\` WHERE country = 'Live'`;
      await until(async () => Number((await pipeline.sql(sql))[0]!["n"]) >= liveAccepted);
      const [{ n, ids } = { n: 0, ids: 0 }] = await pipeline.sql(sql);
      assert.ok(liveAccepted > 0);
      assert.equal(n, ids);
    });
  },
);

/** Columns that couldn't have their own name in SQL end in `_`. */
const withoutMarks = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name.replace(/_$/, ""), value]));

/** An exact amount with four places, all of whose lines are of whole cents or halves of them, by cent. */
function cent(amount: unknown): string {
  const unscaled = BigInt(String(amount).replace(".", ""));
  const sign = unscaled < 0n ? -1n : 1n;
  const cents = (unscaled * sign + 50n) / 100n;
  return (Number(cents * sign) / 100).toFixed(2);
}
