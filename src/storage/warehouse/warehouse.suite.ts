import assert from "node:assert/strict";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { MillraceError } from "../../core/errors.ts";
import type { FileInsert, Warehouse } from "./warehouse.ts";

/** What the suite needs of an adapter. */
export interface WarehouseUnderTest {
  readonly warehouse: Warehouse;
  /** A folder that this process and the warehouse's both see. */
  readonly folder: string;
  readonly close: () => Promise<void>;
}

/** What every adapter of the port `Warehouse` must do, as tests of the caller. */
export function warehouseSuite(name: string, open: () => Promise<WarehouseUnderTest>): void {
  describe(`warehouse: ${name}`, () => {
    let under: WarehouseUnderTest;
    let warehouse: Warehouse;
    before(async () => {
      under = await open();
      warehouse = under.warehouse;
    });
    after(() => under.close());

    statements(() => warehouse);
    inserts(() => under);
    fileExports(() => under);
  });
}

function statements(get: () => Warehouse): void {
  it("answers a ping", async () => {
    assert.equal(await get().ping(), true);
  });

  it("binds parameters of many types, whatever they hold", async () => {
    const text = 'it\'s a \\ "quote", {a:String} \t\n ünï 🙂';
    const [row] = await get().query(
      "SELECT {t:String} AS t, {n:Int64} AS n, {a:Array(String)} AS a, {b:Bool} AS b, {z:Nullable(String)} AS z",
      { params: { t: text, n: 9007199254740993n, a: ["x", "y'z"], b: true, z: null } },
    );
    assert.deepEqual(row, { t: text, n: "9007199254740993", a: ["x", "y'z"], b: true, z: null });
  });

  it("keeps parameters and settings of one statement apart from the next", async () => {
    const warehouse = get();
    await warehouse.query("SELECT {secret:String}", {
      params: { secret: "x" },
      settings: { max_block_size: 123 },
    });
    const [row] = await warehouse.query<{ value: string }>(
      "SELECT toString(getSetting('max_block_size')) AS value",
    );
    assert.notEqual(row?.value, "123");
  });

  it("gives 64-bit numbers and decimals exactly, as text", async () => {
    const rows = await get().query(
      "SELECT toInt64(9223372036854775807) AS i, toDecimal128('12345678901234567890.1234', 4) AS d SETTINGS output_format_json_quote_decimals = 1",
    );
    assert.deepEqual(rows, [{ i: "9223372036854775807", d: "12345678901234567890.1234" }]);
  });

  it("gives text in a format", async () => {
    const sql = "SELECT number AS n FROM numbers(3)";
    assert.equal(await get().queryText(sql, { format: "CSVWithNames" }), '"n"\n0\n1\n2\n');
    assert.equal(await get().queryText(sql), "0\n1\n2\n");
  });

  it("gives a big result whole", async () => {
    const rows = await get().query<{ n: string }>("SELECT number AS n FROM numbers(300000)");
    assert.equal(rows.length, 300_000);
    assert.equal(rows.at(-1)?.n, "299999");
  });

  it("ends a query that gives more rows than wished, or takes longer", async () => {
    const warehouse = get();
    await assert.rejects(
      warehouse.query("SELECT number FROM numbers(1000)", { maxRows: 10 }),
      errorLike("SQL_FAILED", /TOO_MANY_ROWS/),
    );
    await assert.rejects(
      warehouse.query(
        "SELECT sum(sleepEachRow(0.1)) FROM numbers(100) SETTINGS max_block_size = 1",
        {
          timeoutMs: 300,
        },
      ),
      errorLike("SQL_FAILED", /TIMEOUT_EXCEEDED/),
    );
  });

  it("says what the engine says of a mistake", async () => {
    const warehouse = get();
    await assert.rejects(warehouse.query("SELEC 1"), errorLike("SQL_FAILED", /SYNTAX_ERROR/));
    await assert.rejects(
      warehouse.query("SELECT * FROM not_there"),
      errorLike("SQL_FAILED", /not_there.*UNKNOWN_TABLE/s),
    );
    await assert.rejects(
      warehouse.command("CREATE TABLE broken (a Int8) ENGINE = Nothing"),
      errorLike("SQL_FAILED", /UNKNOWN_STORAGE/),
    );
    assert.equal(await warehouse.ping(), true);
  });

  it("goes on serving when callers give up their queries", async () => {
    const warehouse = get();
    for (let at = 0; at < 8; at++) {
      const giveUp = new AbortController();
      const running = warehouse.query(
        `SELECT sum(sleepEachRow(0.1)) AS given_up_${at}_x FROM numbers(600) SETTINGS max_block_size = 1`,
        { signal: giveUp.signal },
      );
      const seen = `SELECT count() AS n FROM system.processes WHERE query LIKE '%given_up_${at}_x%'`;
      while ((await warehouse.query<{ n: string }>(seen))[0]?.n !== "2");
      giveUp.abort();
      await assert.rejects(running);
    }
    assert.equal(await warehouse.queryText("SELECT 'served'"), "served\n");
  });
}

const COLUMNS: FileInsert["columns"] = [
  { name: "_offset", type: "UInt64" },
  { name: "day", type: "UInt16" },
  { name: "event_type", type: "LowCardinality(String)" },
  { name: "amount", type: "Nullable(Decimal(18, 4))" },
];

/** Rows in RowBinary, as the log has them. */
function rowBinary(count: number, days: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < count; at++) {
    const row = Buffer.alloc(10);
    row.writeBigUInt64LE(BigInt(at), 0);
    row.writeUInt16LE(20_000 + (at % days), 8);
    const type = Buffer.from(at % 3 === 0 ? "purchase" : "page_view");
    const amount = Buffer.alloc(at % 3 === 0 ? 9 : 1);
    if (at % 3 === 0) amount.writeBigInt64LE(BigInt(at) * 10_000n, 1);
    else amount[0] = 1;
    pieces.push(row, Buffer.from([type.length]), type, amount);
  }
  return Buffer.concat(pieces);
}

async function makeEvents(warehouse: Warehouse, table: string): Promise<void> {
  await warehouse.command(
    `CREATE TABLE ${table} (_offset UInt64, day UInt16, event_type LowCardinality(String),
     amount Nullable(Decimal(18, 4)), note String DEFAULT 'none')
     ENGINE = MergeTree PARTITION BY day ORDER BY _offset`,
  );
  await warehouse.command(
    `CREATE TABLE ${table}_cube (day UInt16, event_type LowCardinality(String), n UInt64,
     revenue Nullable(Decimal(38, 4))) ENGINE = SummingMergeTree PARTITION BY day ORDER BY (day, event_type)`,
  );
  await warehouse.command(
    `CREATE MATERIALIZED VIEW ${table}_view TO ${table}_cube AS SELECT day, event_type,
     count() AS n, sum(amount) AS revenue FROM ${table} GROUP BY day, event_type`,
  );
}

/** Count, sum of offsets and revenue in a table and in its cube: equal when both are right. */
async function figures(warehouse: Warehouse, table: string): Promise<string> {
  return warehouse.queryText(
    `SELECT count(), sum(_offset), sum(amount), (SELECT sum(n) FROM ${table}_cube),
     (SELECT sum(revenue) FROM ${table}_cube) FROM ${table}`,
  );
}

function inserts(get: () => WarehouseUnderTest): void {
  it("inserts a file over many partitions once, table and cube, however often it is repeated", async () => {
    const { warehouse, folder } = get();
    await makeEvents(warehouse, "once");
    const path = join(folder, "once.rb");
    await writeFile(path, rowBinary(3_000, 60));
    const insert: FileInsert = { table: "once", path, columns: COLUMNS, token: "log:0:0-3000" };
    await warehouse.insertFile(insert);
    const expected = "3000\t4498500\t1498500\t3000\t1498500\n";
    assert.equal(await figures(warehouse, "once"), expected);
    await warehouse.insertFile(insert);
    await Promise.all([warehouse.insertFile(insert), warehouse.insertFile(insert)]);
    assert.equal(await figures(warehouse, "once"), expected);
    await warehouse.insertFile({ ...insert, token: "log:0:3000-6000" });
    assert.equal(await figures(warehouse, "once"), "6000\t8997000\t2997000\t6000\t2997000\n");
    await rm(path);
  });

  it("maps and filters the file's columns on the way", async () => {
    const { warehouse, folder } = get();
    await makeEvents(warehouse, "mapped");
    const path = join(folder, "mapped.rb");
    await writeFile(path, rowBinary(30, 2));
    await warehouse.insertFile({
      table: "mapped",
      path,
      columns: COLUMNS,
      select: { _offset: "_offset + 1000", day: "day", event_type: "upper(event_type)" },
      where: "event_type = 'purchase'",
      token: "mapped",
    });
    const rows = await warehouse.query(
      "SELECT count() AS n, min(_offset) AS least, any(event_type) AS type, any(note) AS note FROM mapped",
    );
    assert.deepEqual(rows, [{ n: "10", least: "1000", type: "PURCHASE", note: "none" }]);
    await rm(path);
  });

  it("refuses a file that isn't what its columns say, and inserts nothing of it", async () => {
    const { warehouse, folder } = get();
    await makeEvents(warehouse, "torn");
    const path = join(folder, "torn.rb");
    const whole = rowBinary(100, 1);
    await writeFile(path, whole.subarray(0, whole.length - 3));
    await assert.rejects(
      warehouse.insertFile({ table: "torn", path, columns: COLUMNS, token: "torn" }),
      errorLike("SQL_FAILED", /CANNOT_READ_ALL_DATA|ATTEMPT_TO_READ_AFTER_EOF/),
    );
    assert.match(await figures(warehouse, "torn"), /^0\t/);
    await rm(path);
  });

  it("inserts rows, with defaults, once per token", async () => {
    const { warehouse } = get();
    await makeEvents(warehouse, "row");
    const rows = [
      { _offset: "1", day: 1, event_type: "a", amount: "0.1000" },
      { _offset: "18446744073709551615", day: 2, event_type: "it's\n\\", amount: null },
    ];
    await warehouse.insertRows({ table: "row", rows, token: "r1" });
    await warehouse.insertRows({ table: "row", rows, token: "r1" });
    await warehouse.insertRows({ table: "row", rows: [], token: "r2" });
    assert.deepEqual(
      await warehouse.query(
        "SELECT _offset, event_type, toString(amount) AS amount, note FROM row ORDER BY 1",
      ),
      [
        { _offset: "1", event_type: "a", amount: "0.1", note: "none" },
        { _offset: "18446744073709551615", event_type: "it's\n\\", amount: null, note: "none" },
      ],
    );
    assert.equal(await warehouse.queryText("SELECT sum(n) FROM row_cube"), "2\n");
  });

  it("inserts while a long query runs", async () => {
    const { warehouse } = get();
    await makeEvents(warehouse, "beside");
    const giveUp = new AbortController();
    const long = warehouse.query(
      "SELECT sum(sleepEachRow(0.1)) FROM numbers(600) SETTINGS max_block_size = 1",
      { signal: giveUp.signal },
    );
    let ended = false;
    const watched = long.catch(() => {}).finally(() => (ended = true));
    for (let at = 0; at < 5; at++) {
      const rows = [{ _offset: at, day: 1, event_type: "a", amount: null }];
      await warehouse.insertRows({ table: "beside", rows });
    }
    assert.equal(await warehouse.queryText("SELECT count() FROM beside"), "5\n");
    assert.equal(ended, false);
    giveUp.abort();
    await watched;
  });
}

function fileExports(get: () => WarehouseUnderTest): void {
  it("writes Parquet and ORC from a query and from a file of rows, in order", async () => {
    const { warehouse, folder } = get();
    const rows = join(folder, "export.rb");
    await writeFile(rows, rowBinary(1_000, 3));
    for (const format of ["Parquet", "ORC"] as const) {
      const path = join(folder, `export.${format.toLowerCase()}`);
      await warehouse.exportFile({ from: { path: rows, columns: COLUMNS }, path, format });
      const back = await warehouse.queryText(
        `SELECT count(), sum(_offset), sum(amount), groupArray(_offset) = range(1000) FROM file('${path}', ${format})`,
      );
      assert.equal(back, "1000\t499500\t166833\t1\n");
      await warehouse.exportFile({
        from: { sql: "SELECT number AS n FROM numbers({c:UInt32})", params: { c: 7 } },
        path,
        format,
      });
      assert.equal(
        await warehouse.queryText(`SELECT count() FROM file('${path}', ${format})`),
        "7\n",
      );
      assert.ok((await stat(path)).size > 0);
      await rm(path);
    }
    await rm(rows);
  });
}

function errorLike(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MillraceError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}
