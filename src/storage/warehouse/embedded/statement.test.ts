import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlString, sqlTokens } from "./sql-tokens.ts";
import { readStatement } from "./statement.ts";

describe("sqlTokens", () => {
  const texts = (sql: string): string[] => sqlTokens(sql).map((token) => token.text);

  it("leaves out comments and keeps what only looks like one", () => {
    assert.deepEqual(texts("SELECT 1 -- x\n, /* y */ '--', `a /* b`, \"c--\""), [
      "SELECT",
      "1",
      ",",
      "--",
      ",",
      "a /* b",
      ",",
      "c--",
    ]);
  });

  it("ends strings where ClickHouse does", () => {
    assert.deepEqual(texts("'a\\'b' 'c''d' $$e'f$$ $t$g$$h$t$"), ["a\\'b", "c''d", "e'f", "g$$h"]);
    assert.deepEqual(texts("'never ends"), ["never ends"]);
  });

  it("reads parameters and numbers", () => {
    const kinds = sqlTokens("{n:Array(UInt8)} 1.5e-3 0xFF a1 {").map((token) => token.kind);
    assert.deepEqual(kinds, ["parameter", "number", "number", "word", "punctuation"]);
  });

  it("reads back what sqlString writes", () => {
    const [token] = sqlTokens(sqlString("it's \\ '' x"));
    assert.equal(token?.kind, "string");
    assert.equal(token?.text, "it\\'s \\\\ \\'\\' x");
  });
});

describe("readStatement", () => {
  it("tells reads, inserts and the rest apart", () => {
    assert.equal(readStatement(" /* x */ (select 1)").kind, "read");
    assert.equal(readStatement("WITH 1 AS a SELECT a").select, true);
    assert.equal(readStatement("SHOW TABLES").select, false);
    assert.equal(readStatement("CREATE TABLE t (a Int8) ENGINE = Memory").kind, "other");
    assert.equal(readStatement("INSERT INTO t SELECT 1").insert, undefined);
    assert.equal(readStatement("").kind, "other");
  });

  it("finds the format that a query names", () => {
    assert.equal(readStatement("SELECT 1 FORMAT JSON").format, "JSON");
    assert.equal(readStatement("SELECT 1 FORMAT CSV SETTINGS a = 1").format, "CSV");
    assert.equal(readStatement("SELECT format FROM t").format, undefined);
    assert.equal(readStatement("SELECT 'FORMAT JSON'").format, undefined);
  });

  it("parts an insert from its rows", () => {
    const sql = "INSERT INTO d.t (a, `b c`) SETTINGS x = 1 FORMAT CSV\n1,2\n";
    const insert = readStatement(sql).insert;
    assert.deepEqual(insert, {
      into: "INSERT INTO d.t (a, `b c`)",
      settings: "SETTINGS x = 1",
      format: "CSV",
      dataStart: sql.indexOf("1,2"),
    });
    const values = readStatement("insert into t values (1), (2)").insert;
    assert.equal(values?.format, "Values");
  });
});
