import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { duckQuery } from "../../../stress/real-data/duck.ts";
import { hashFile } from "./open-bytes.ts";
import { openSource } from "./open-source.ts";
import { rowJson } from "./row-json.ts";

let dir = "";
before(async () => void (dir = await mkdtemp(join(tmpdir(), "millrace-parquet-"))));
after(() => rm(dir, { recursive: true, force: true }));

async function rowsOf(path: string): Promise<unknown[]> {
  const out: unknown[] = [];
  for await (const portion of (await openSource(path)).rows()) {
    for (const row of portion) out.push(row.kind === "record" ? rowJson(row.values) : row.kind);
  }
  return out;
}

for (const codec of ["uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw"]) {
  test(`Parquet written by another engine, ${codec}: exact numbers, decimals and times`, async () => {
    const path = join(dir, `${codec}.parquet`);
    await duckQuery(`COPY (
      SELECT 'é' || i AS s, 9007199254740993 + i AS big, ((i - 1) / 4.0)::DECIMAL(9, 2) AS d,
        CAST('-12345678901234567890.1234' AS DECIMAL(38, 4)) AS wide, i = 1 AS yes,
        TIMESTAMPTZ '2020-01-02 03:04:05.678+00' AS at, TIMESTAMP '2020-01-02 03:04:05' AS local,
        CASE WHEN i = 1 THEN NULL ELSE {'price': CAST(1.5 AS DECIMAL(18, 4)), 'on': TRUE} END AS p
      FROM range(3) t(i)) TO '${path}' (FORMAT parquet, COMPRESSION ${codec})`);
    const wide = "-12345678901234567890.1234";
    const row = (i: number, d: string, p: string): string =>
      `{"s":"é${i}","big":${9007199254740993n + BigInt(i)},"d":"${d}","wide":"${wide}","yes":${i === 1},` +
      `"at":"2020-01-02T03:04:05.678Z","local":"2020-01-02T03:04:05.000"${p}}`;
    const record = ',"p":{"price":"1.5000","on":true}';
    assert.deepEqual(await rowsOf(path), [
      row(0, "-0.25", record),
      row(1, "0.00", ""),
      row(2, "0.25", record),
    ]);
  });
}

test("CSV and NDJSON by gzip and zstd are the same rows; a cut file says so", async () => {
  const { gzipSync, zstdCompressSync } = await import("node:zlib");
  const { writeFile } = await import("node:fs/promises");
  const text = Buffer.from("a,b\n1,2\n3,4\n");
  for (const [name, bytes] of [
    ["plain.csv", text],
    ["x.csv.gz", gzipSync(text)],
    ["two-members.csv.gz", Buffer.concat([gzipSync("a,b\n1,2\n"), gzipSync("3,4\n")])],
    ["x.csv.zst", zstdCompressSync(text)],
  ] as const) {
    const path = join(dir, name);
    await writeFile(path, bytes);
    assert.deepEqual(await rowsOf(path), ['{"a":"1","b":"2"}', '{"a":"3","b":"4"}'], name);
    assert.match(await hashFile(path), /^[0-9a-f]{64}$/);
  }
  const frames = join(dir, "frames.csv.zst");
  await writeFile(
    frames,
    Buffer.concat([zstdCompressSync("a,b\n1,2\n"), zstdCompressSync("3,4\n")]),
  );
  await assert.rejects(rowsOf(frames), { message: /more than one zstd frame/ });
  const cut = join(dir, "cut.csv.gz");
  await writeFile(cut, gzipSync(text).subarray(0, 20));
  await assert.rejects(rowsOf(cut), { code: "IMPORT_FAILED", message: /isn't whole gzip/ });
  await assert.rejects(openSource(join(dir, "missing.csv")), { message: /no such file/ });
  const utf16 = join(dir, "utf16.csv");
  await writeFile(utf16, Buffer.from("\ufeffa,b\n", "utf16le"));
  await assert.rejects(openSource(utf16), { message: /UTF-16/ });
});
