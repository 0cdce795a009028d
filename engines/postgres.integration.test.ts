import assert from "node:assert/strict";
import { test } from "node:test";
import { engineSuite } from "./engine-test.ts";
import { runTool } from "./run-tool.ts";

await engineSuite("PostgreSQL", ["postgres"], ({ postgres }, cluster) => {
  const sql = (text: string): Promise<string> =>
    runTool("psql", ["-X", "-q", "-A", "-t", "-c", text, postgres.url], { install: "psql" });

  test("a row is there after the server was killed, and changes can be decoded", async () => {
    await sql("CREATE TABLE IF NOT EXISTS engines (x INT); INSERT INTO engines VALUES (1)");
    const before = await sql("SELECT count(*) FROM engines");
    await cluster.kill("postgres");
    await cluster.startAgain("postgres");
    assert.equal(await sql("SELECT count(*) FROM engines"), before);
    assert.equal(await sql("SHOW wal_level"), "logical");
  });
});
