import assert from "node:assert/strict";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { manualClock } from "../../../core/clock.ts";
import { lakeSuite } from "../lake.suite.ts";
import { openEmbeddedLake } from "./embedded-lake.ts";
import { openEmbeddedLakeReader } from "./embedded-lake-reader.ts";

lakeSuite("the lake on a local disk", () => {
  const dir = mkdtempSync(join(tmpdir(), "millrace-lake-"));
  return {
    writer: ({ clock }) => openEmbeddedLake({ dir, clock }),
    reader: ({ clock }) => openEmbeddedLakeReader(dir, clock),
    read: (path) => readFileSync(path),
    dispose: () => rmSync(dir, { recursive: true, force: true }),
  };
});

test("outsiders find the files by name, and each day's listing beside them", async () => {
  const dir = mkdtempSync(join(tmpdir(), "millrace-lake-"));
  const clock = manualClock(0);
  const contents = {
    date: "1970-01-01",
    rows: 1,
    minTime: 0,
    maxTime: 0,
    minReceivedAt: 0,
    maxReceivedAt: 0,
  };
  const day = join(dir, "clicks", "date=1970-01-01");
  const range = (from: number, to: number) => ({ topic: "clicks", partition: 2, from, to });
  const write = async (from: number, to: number, crashPoint?: () => void): Promise<void> => {
    const lake = openEmbeddedLake({ dir, clock, ...(crashPoint && { crashPoint }) });
    try {
      const path = join(await lake.begin(range(from, to)), "x");
      writeFileSync(path, "x");
      await lake.commit(range(from, to), [{ ...contents, path }]);
    } finally {
      lake.close();
    }
  };
  const onDisk = (): string[] => globSync("*.parquet", { cwd: day }).toSorted();
  const listed = (): string[] => {
    const text = readFileSync(join(day, "_manifest.json"), "utf8");
    return (JSON.parse(text) as { files: { file: string }[] }).files.map(({ file }) => file);
  };
  try {
    await write(0, 7);
    assert.deepEqual(onDisk(), ["p2-0000000000000000-0000000000000007.parquet"]);
    assert.deepEqual(listed(), onDisk());
    const stop = (): never => {
      throw new Error("stopped here");
    };
    // After the manifest is written, the listing is behind until the lake is opened again.
    let points = 0;
    await assert.rejects(
      write(7, 9, () => void (++points === 3 && stop())),
      /stopped here/,
    );
    assert.equal(onDisk().length, 2);
    assert.equal(listed().length, 1);
    openEmbeddedLake({ dir, clock }).close();
    assert.deepEqual(listed(), onDisk());

    // A merge that stops before its commit leaves nothing behind.
    points = 0;
    const lake = openEmbeddedLake({ dir, clock, crashPoint: stop });
    const [merge] = await lake.merges({ today: "1970-01-02", filesMax: 2, bytesMax: 100 });
    const path = join(await lake.beginMerge(merge!), "x");
    writeFileSync(path, "xx");
    await assert.rejects(lake.commitMerge(merge!, { ...contents, rows: 2, path }), /stopped here/);
    lake.close();
    assert.equal(onDisk().length, 3);
    openEmbeddedLake({ dir, clock }).close();
    assert.equal(onDisk().length, 2);
    assert.ok(existsSync(join(dir, "lake.db")));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
