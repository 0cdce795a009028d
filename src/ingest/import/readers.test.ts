import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ByteSource } from "./open-bytes.ts";
import { readCsv } from "./read-csv.ts";
import { readNdjson } from "./read-ndjson.ts";
import { rowBatches } from "./row-batches.ts";
import type { RowMap } from "./row-map.ts";
import type { SourceFormat, SourceRow } from "./source-row.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const RUNS = Number(process.env["RUNS"] ?? 20);

/** Bytes in chunks of a size, so that every border is crossed. */
function bytesOf(text: string | Buffer, size = 7): ByteSource {
  const bytes = Buffer.from(text as string);
  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return { chunks: chunks(), fraction: () => 1 };
}

async function all(rows: AsyncIterable<readonly SourceRow[]>): Promise<SourceRow[]> {
  const out: SourceRow[] = [];
  for await (const portion of rows) out.push(...portion);
  return out;
}

const records = async (text: string | Buffer, size?: number): Promise<unknown[]> =>
  (await all(readCsv(bytesOf(text, size)))).map((row) =>
    row.kind === "record" ? row.values : row.kind,
  );

test("CSV: quotes, empty values, CRLF, a BOM, text beyond ASCII", async () => {
  const text = '\ufeffname,note\r\n"Zoë, the 1st","say ""hi""\nthere"\r\n,x\r\n';
  assert.deepEqual(await records(text), [
    { name: "Zoë, the 1st", note: 'say "hi"\nthere' },
    { name: null, note: "x" },
  ]);
});

test("CSV: the delimiter is the header's; dotted columns are nested", async () => {
  assert.deepEqual(await records("id;properties.price;properties.at\n1;2,5;x\n"), [
    { id: "1", properties: { price: "2,5", at: "x" } },
  ]);
});

test("CSV: uneven rows and rows that aren't UTF-8 keep their bytes and their line", async () => {
  const bytes = Buffer.concat([
    Buffer.from('a,b\n1,2\n3,"4\n5",6\n'),
    Buffer.from([0xff, 0x2c, 0x31, 0x0a]),
    Buffer.from("7\n\n8,9\n"),
  ]);
  const rows = await all(readCsv(bytesOf(bytes)));
  assert.deepEqual(
    rows.map((row) => row.kind),
    ["record", "unreadable", "unreadable", "unreadable", "blank", "record"],
  );
  const unreadable = rows.flatMap((row) => (row.kind === "unreadable" ? [row.row] : []));
  assert.deepEqual(
    unreadable.map(({ bytes: kept }) => Buffer.from(kept).toString("latin1")),
    ['3,"4\n5",6', "\u00ff,1", "7"],
  );
  assert.match(unreadable[0]!.message, /line 4 has 3 values; the header has 2 columns/);
  assert.match(unreadable[1]!.message, /line 5 isn't UTF-8/);
});

test("CSV without a usable header is refused", async () => {
  for (const text of ["", "1,2\n3,4\n", "a,,c\n1,2,3\n", "a,a\n1,2\n"]) {
    await assert.rejects(records(text), { code: "IMPORT_FAILED" });
  }
  await assert.rejects(records(Buffer.from("na\xefve,b\n1,2\n", "latin1")), /isn't UTF-8/);
});

test("CSV: what is written is read, whatever the chunks", async () => {
  const value = fc
    .string({ unit: "binary", minLength: 1, maxLength: 12 })
    .filter((s) => s.isWellFormed());
  const run = fc.asyncProperty(
    fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 8 }),
    fc.integer({ min: 1, max: 40 }),
    async (rows, size) => {
      const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
      const text = `a,b\n${rows.map((row) => row.map(quoted).join(",")).join("\n")}\n`;
      assert.deepEqual(
        await records(text, size),
        rows.map(([a, b]) => ({ a, b })),
      );
    },
  );
  await fc.assert(run, { seed: SEED, numRuns: RUNS });
});

test("NDJSON: objects pass as bytes, the rest is told apart by line", async () => {
  const rows = await all(
    readNdjson(bytesOf('{"a":1}\n\n [1]\n  {"b":9007199254740993} \r\nnull\n{"c"')),
  );
  assert.deepEqual(
    rows.map((row) => [row.kind, row.line, row.kind === "json" ? row.bytes.toString() : ""]),
    [
      ["json", 1, '{"a":1}'],
      ["blank", 2, ""],
      ["unreadable", 3, ""],
      ["json", 4, '{"b":9007199254740993}'],
      ["unreadable", 5, ""],
      ["json", 6, '{"c"'],
    ],
  );
});

async function batches(text: string, format: SourceFormat, map: RowMap | undefined, done: number) {
  const source = {
    format,
    rowsTotal: undefined,
    fraction: () => 1,
    rows: () => (format === "csv" ? readCsv(bytesOf(text)) : readNdjson(bytesOf(text))),
  };
  const out: { first: number; body: string }[] = [];
  for await (const { first, body } of rowBatches(source, map, done)) {
    out.push({ first, body: body.toString() });
  }
  return out;
}

test("batches number rows, go on after those done, and keep a line for each row", async () => {
  const map: RowMap = {
    hash: "",
    apply: (row, number) => (row["a"] === "2" ? undefined : { id: row["a"], number }),
  };
  assert.deepEqual(await batches("a\n1\n2\n3\n", "csv", map, 0), [
    { first: 1, body: '{"id":"1","number":1}\n\n{"id":"3","number":3}\n' },
  ]);
  assert.deepEqual(await batches("a\n1\n2\n3\n", "csv", map, 2), [
    { first: 3, body: '{"id":"3","number":3}\n' },
  ]);
  assert.deepEqual(await batches("a\n1\n", "csv", map, 1), []);
  assert.deepEqual(await batches('{"a":10000000000000001}\n', "ndjson", undefined, 0), [
    { first: 1, body: '{"a":10000000000000001}\n' },
  ]);
});
