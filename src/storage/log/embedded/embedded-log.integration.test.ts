import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { manualClock } from "../../../core/clock.ts";
import { logSuite, pending, readAll } from "../log.suite.ts";
import { openEmbeddedLogReader } from "./embedded-log-reader.ts";
import { openEmbeddedLog } from "./embedded-log.ts";
import { logFile } from "./log-database.ts";

const tempDir = (): string => mkdtempSync(`${tmpdir()}/millrace-log-`);

logSuite("SQLite", () => {
  const dir = tempDir();
  return {
    writer: (options) => openEmbeddedLog({ dir, ...options }),
    reader: () => openEmbeddedLogReader(dir),
    dispose: () => rmSync(dir, { recursive: true }),
  };
});

test("a reader may take the rows of a read back at the next one", () => {
  const dir = tempDir();
  const writer = openEmbeddedLog({ dir, clock: manualClock(1_700_000_000_000) });
  writer.ensureTopic("t", 1);
  for (const text of ["a", "b"]) writer.append({ batches: [pending("t", 0, [text])] });
  const reader = openEmbeddedLogReader(dir, { rowsUntilNextRead: true });
  const [first] = reader.read({ topic: "t", partition: 0, from: 0, bytesMax: 1 });
  const { length } = first!.rows;
  assert.ok(length > 0);
  const [second] = reader.read({ topic: "t", partition: 0, from: 1 });
  assert.equal(first!.rows.length, 0);
  assert.equal(second!.rows.length, length);
  reader.close();
  writer.close();
  rmSync(dir, { recursive: true });
});

describe("the log on a bad disk", () => {
  test("a full disk refuses the commit, keeps what was there, and goes on when there is room", () => {
    const dir = tempDir();
    const clock = manualClock(1_700_000_000_000);
    const big = "x".repeat(100_000);
    let writer = openEmbeddedLog({ dir, clock, pagesMax: 60 });
    writer.ensureTopic("t", 1);
    let stored = 0;
    assert.throws(
      () => {
        for (;;) {
          writer.append({ batches: [pending("t", 0, [big])] });
          stored++;
        }
      },
      { code: "STORAGE_FULL", message: /log\.db/ },
    );
    assert.ok(stored > 1);
    assert.throws(() => writer.append({ batches: [pending("t", 0, [big])] }), {
      code: "STORAGE_FULL",
    });
    writer.trim({ bytesMax: 300_000 });
    assert.equal(
      writer.append({ batches: [pending("t", 0, [big])] }).appended[0]?.baseOffset,
      stored,
    );
    writer.close();
    writer = openEmbeddedLog({ dir, clock });
    assert.equal(
      writer.append({ batches: [pending("t", 0, ["y"])] }).appended[0]?.baseOffset,
      stored + 1,
    );
    const reader = openEmbeddedLogReader(dir);
    const offsets = readAll(reader, "t", 0).map(({ baseOffset }) => baseOffset);
    assert.deepEqual(offsets.at(-1), stored + 1);
    assert.deepEqual(
      offsets,
      offsets.map((_, index) => offsets[0]! + index),
    );
    reader.close();
    writer.close();
    rmSync(dir, { recursive: true });
  });

  for (const [what, damage] of [
    ["a row's byte", "rows = zeroblob(length(rows))"],
    ["the received time", "received_at = received_at + 1"],
    ["the offsets", "base_offset = base_offset - 1"],
    ["the layout", "layout_id = 8"],
  ] as const) {
    test(`a batch whose ${what} changed is reported with its place`, () => {
      const dir = tempDir();
      const writer = openEmbeddedLog({ dir, clock: manualClock(1_700_000_000_000) });
      writer.ensureTopic("t", 2);
      for (const text of ["a", "b", "c"]) writer.append({ batches: [pending("t", 1, [text])] });
      writer.close();
      const db = new DatabaseSync(logFile(dir));
      db.exec(`UPDATE batches SET ${damage} WHERE base_offset = 1`);
      db.close();
      const reader = openEmbeddedLogReader(dir);
      const expected = { code: "STORAGE_CORRUPT", message: /t, partition 1, from offset \d/ };
      assert.throws(() => reader.read({ topic: "t", partition: 1, from: 0 }), expected);
      assert.equal(reader.read({ topic: "t", partition: 1, from: 2 }).length, 1);
      reader.close();
      rmSync(dir, { recursive: true });
    });
  }

  test("a file that isn't a database, and one that isn't there", () => {
    const dir = tempDir();
    assert.throws(() => openEmbeddedLogReader(dir), { code: "NOT_READY", message: /log\.db/ });
    mkdirSync(`${dir}/log`);
    writeFileSync(logFile(dir), "not a database".repeat(1_000));
    const clock = manualClock(1);
    assert.throws(() => openEmbeddedLogReader(dir), { code: "STORAGE_CORRUPT" });
    assert.throws(() => openEmbeddedLog({ dir, clock }), { code: "STORAGE_CORRUPT" });
    rmSync(dir, { recursive: true });
  });
});
