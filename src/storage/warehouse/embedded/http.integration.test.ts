import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { startWarehouse, type WarehouseProcess } from "./start-warehouse.ts";

const AUTH = { "X-ClickHouse-User": "pipeline", "X-ClickHouse-Key": "pipeline-key" };

describe("ClickHouse's HTTP protocol", () => {
  let dir: string;
  let warehouse: WarehouseProcess;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "millrace-http-"));
    warehouse = await startWarehouse({
      dataDir: join(dir, "data"),
      database: "shop",
      adminKey: "admin-key",
      pipelineKey: "pipeline-key",
      readers: [{ name: "board", key: "board-key" }],
    });
    await post("CREATE TABLE t (a Int64, b String DEFAULT 'x') ENGINE = MergeTree ORDER BY a");
  });
  after(async () => {
    await warehouse.stop();
    await rm(dir, { recursive: true, force: true });
  });

  /** `at` is the part of the URL after the host. */
  async function call(
    at: string,
    init: RequestInit = {},
  ): Promise<{ response: Response; text: string }> {
    const response = await fetch(`${warehouse.url}${at}`, init);
    return { response, text: await response.text() };
  }
  async function post(
    body: string | Uint8Array<ArrayBuffer>,
    parameters: Record<string, string> = {},
    headers = {},
  ) {
    const query = new URLSearchParams(parameters).toString();
    return call(`/?${query}`, { method: "POST", body, headers: { ...AUTH, ...headers } });
  }

  it("answers a ping and an empty request without a user", async () => {
    assert.equal((await call("/ping")).text, "Ok.\n");
    assert.equal((await call("/")).text, "Ok.\n");
    assert.equal((await call("/ping", { method: "HEAD" })).response.status, 200);
    assert.equal((await call("/nowhere")).response.status, 404);
  });

  it("knows its users by headers, basic auth, a bearer and the URL", async () => {
    const basic = `Basic ${Buffer.from("admin:admin-key").toString("base64")}`;
    const ways: [string, Record<string, string>][] = [
      ["/?query=SELECT+1", { "X-ClickHouse-User": "admin", "X-ClickHouse-Key": "admin-key" }],
      ["/?query=SELECT+1", { "X-ClickHouse-User": "board", "X-ClickHouse-Key": "board-key" }],
      ["/?query=SELECT+1", { Authorization: basic }],
      ["/?query=SELECT+1", { Authorization: "Bearer admin-key" }],
      ["/?query=SELECT+1&user=admin&password=admin-key", {}],
    ];
    for (const [at, headers] of ways) {
      const { response, text } = await call(at, { headers });
      assert.equal(response.status, 200, text);
      assert.equal(text, "1\n");
    }
  });

  it("sends ClickHouse's headers", async () => {
    const { response } = await call("/?query=SELECT+1+FORMAT+JSON&query_id=mine", {
      headers: AUTH,
    });
    assert.equal(response.headers.get("x-clickhouse-query-id"), "mine");
    assert.equal(response.headers.get("x-clickhouse-format"), "JSON");
    assert.equal(response.headers.get("x-clickhouse-timezone"), "UTC");
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    assert.ok("read_rows" in JSON.parse(response.headers.get("x-clickhouse-summary") ?? "{}"));
  });

  it("words errors as ClickHouse does", async () => {
    const { response, text } = await post("SELECT * FROM nowhere");
    assert.equal(response.status, 404);
    assert.equal(response.headers.get("x-clickhouse-exception-code"), "60");
    assert.match(
      text,
      /^Code: 60\. DB::Exception: .*nowhere.*\(UNKNOWN_TABLE\) \(version .+\)\n$/s,
    );
  });

  it("takes query, format, parameters and settings from URL or body", async () => {
    assert.equal((await post("SELECT {n:UInt8} + 1", { param_n: "41" })).text, "42\n");
    assert.equal(
      (await post("SELECT 1 AS a", { default_format: "JSONEachRow" })).text,
      '{"a":1}\n',
    );
    assert.equal((await post("FORMAT CSV", { query: "SELECT 'x'" })).text, '"x"\n');
    assert.equal(
      (await post("SELECT getSetting('max_block_size')", { max_block_size: "77" })).text,
      "77\n",
    );
    assert.equal((await post("SELECT currentDatabase()", { database: "system" })).text, "system\n");
    const unknown = await post("SELECT 1", { no_such_setting: "1" });
    assert.match(unknown.text, /^Code: 115\. .*no_such_setting/);
    assert.equal((await post("SELECT currentDatabase()")).text, "shop\n");
  });

  it("changes nothing by GET", async () => {
    const { response, text } = await call("/?query=DROP+TABLE+t", { headers: AUTH });
    assert.equal(response.status, 400);
    assert.match(text, /^Code: 164\./);
  });

  it("takes rows after the statement, in the body, compressed, and in binary formats", async () => {
    const ok = async (sent: Promise<{ response: Response; text: string }>): Promise<void> => {
      const { response, text } = await sent;
      assert.equal(response.status, 200, text);
    };
    const insert = (format: string) => ({ query: `INSERT INTO t FORMAT ${format}` });
    await ok(post("INSERT INTO t VALUES (1, 'a;b'), (2, '''')"));
    await ok(post('INSERT INTO t (a) FORMAT JSONEachRow\n{"a":3}\n'));
    await ok(post("4\tfour\n", insert("TabSeparated")));
    await ok(post(gzipSync("5,five\n"), insert("CSV"), { "Content-Encoding": "gzip" }));
    await ok(post(zstdCompressSync("6,six\n"), insert("CSV"), { "Content-Encoding": "zstd" }));
    const binary = Buffer.from([7, 0, 0, 0, 0, 0, 0, 0, 2, 0xff, 0x27]);
    await ok(post(binary, insert("RowBinary")));
    const head = Buffer.from("INSERT INTO t SETTINGS async_insert = 0 FORMAT RowBinary\n");
    binary[0] = 8;
    await ok(post(Buffer.concat([head, binary])));
    await ok(post("INSERT INTO t SELECT 9, 'nine'"));
    const { text } = await post("SELECT a, hex(b) FROM t ORDER BY a FORMAT CSV");
    assert.equal(
      text,
      '1,"613B62"\n2,"27"\n3,"78"\n4,"666F7572"\n5,"66697665"\n6,"736978"\n7,"FF27"\n8,"FF27"\n9,"6E696E65"\n',
    );
  });

  it("compresses its answers when asked", async () => {
    const response = await fetch(
      `${warehouse.url}/?enable_http_compression=1&query=SELECT+number+FROM+numbers(1000)`,
      {
        headers: { ...AUTH, "Accept-Encoding": "gzip" },
      },
    );
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.equal((await response.text()).length, 3890);
  });

  it("gives every format, whole and piece by piece", async () => {
    const sql = "SELECT number AS n, toString(number) AS s FROM numbers(200000)";
    for (const format of ["JSONEachRow", "TSV", "CSV", "RowBinary", "Native"]) {
      const whole = await (
        await fetch(`${warehouse.url}/`, {
          method: "POST",
          body: `${sql} FORMAT ${format}`,
          headers: AUTH,
        })
      ).arrayBuffer();
      const pieces = await (
        await fetch(`${warehouse.url}/?wait_end_of_query=0`, {
          method: "POST",
          body: `${sql} FORMAT ${format}`,
          headers: AUTH,
        })
      ).arrayBuffer();
      assert.ok(whole.byteLength > 1_000_000);
      if (format !== "Native") assert.ok(Buffer.from(whole).equals(Buffer.from(pieces)), format);
    }
    const json = (await post("SELECT 1 AS a FORMAT JSONCompact")).text;
    assert.deepEqual(JSON.parse(json).data, [[1]]);
    const parquet = await (
      await fetch(`${warehouse.url}/`, {
        method: "POST",
        body: "SELECT 1 AS a FORMAT Parquet",
        headers: AUTH,
      })
    ).arrayBuffer();
    assert.equal(Buffer.from(parquet).toString("latin1", 0, 4), "PAR1");
  });

  it("gives the blocks of ClickHouse's TCP protocol to clients that ask for them", async () => {
    const columns = [
      "number AS a",
      "toString(number) AS b",
      "toLowCardinality(toString(number % 3)) AS c",
      "toLowCardinality(toNullable(toString(number % 3))) AS d",
      "if(number % 2 = 0, NULL, number) AS e",
      "range(number % 4) AS f",
      "arrayMap(x -> toLowCardinality(toString(x)), range(number % 2)) AS g",
      "emptyArrayString() AS h",
      "map('k', [toNullable(number)]) AS i",
      "CAST((number, 'x'), 'Tuple(n UInt64, `a b` LowCardinality(String))') AS j",
      "toDecimal128(number, 4) AS k",
      "CAST('b', 'Enum8(\\'a,(\\' = 1, \\'b\\' = 2)') AS l",
      "toDateTime64(number, 3, 'UTC') AS m",
      "toFixedString('abc', 3) AS n",
      "generateUUIDv4() AS o",
      "(1.5, 2.5)::Point AS p",
      "NULL AS q",
      "INTERVAL 1 DAY AS r",
      "toIPv6('::1') AS s",
    ];
    const sql = (rows: number): string =>
      `SELECT ${columns.join(", ")} FROM numbers(${rows}) FORMAT Native SETTINGS max_block_size = 1000`;
    for (const rows of [1, 5_000]) {
      const get = async (revision: string): Promise<number> => {
        const response = await fetch(`${warehouse.url}/?client_protocol_version=${revision}`, {
          method: "POST",
          body: sql(rows),
          headers: AUTH,
        });
        const bytes = Buffer.from(await response.arrayBuffer());
        assert.equal(response.status, 200, bytes.toString("utf8").slice(0, 500));
        return bytes.length;
      };
      const more = (await get("54460")) - (await get("0"));
      // 8 bytes a block and one a column of each.
      assert.ok(more > 0 && more % (8 + columns.length) === 0, String(more));
    }
  });

  it("ends an outsider's query at the time limit, says so, and frees its place", async () => {
    const headers = { "X-ClickHouse-User": "admin", "X-ClickHouse-Key": "admin-key" };
    const slow = "SELECT sum(sipHash64(number, number)) FROM numbers(100000000000)";
    const answers = await Promise.all(
      [1, 2, 3].map(() => call("/?max_execution_time=1", { method: "POST", body: slow, headers })),
    );
    for (const { response, text } of answers) {
      assert.equal(response.status, 408, text);
      assert.match(text, /^Code: 159\. DB::Exception: Timeout exceeded/);
    }
    assert.equal((await call("/?query=SELECT+1", { headers })).text, "1\n");
  });
});
