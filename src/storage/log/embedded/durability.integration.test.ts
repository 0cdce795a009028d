import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../core/clock.ts";
import type { LogReader } from "../log.ts";
import { readAll } from "../log.suite.ts";
import { openEmbeddedLogReader } from "./embedded-log-reader.ts";
import { openEmbeddedLog } from "./embedded-log.ts";
import { openLogDatabase } from "./log-database.ts";

const fixture = fileURLToPath(new URL("./durability.fixture.ts", import.meta.url));
const tempDir = (): string => mkdtempSync(`${tmpdir()}/millrace-durable-`);

test("a writer killed with -9 has every acknowledged batch, again and again", async (t) => {
  const dir = tempDir();
  let acknowledged = 0;
  for (const acksBeforeKill of [1, 7, 30, 3]) {
    const child = spawn(process.execPath, [fixture, dir], { stdio: ["ignore", "pipe", "inherit"] });
    let acks = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Math.max(acknowledged, Number(/^ack (\d+)$/.exec(line)?.[1]));
      if (++acks === acksBeforeKill) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    assert.equal(child.signalCode, "SIGKILL");

    const writer = openEmbeddedLog({ dir, clock: systemClock }); // the lock died with its holder
    const reader = openEmbeddedLogReader(dir);
    const ends: number[] = [];
    for (const partition of [0, 1]) {
      let next = 0;
      for (const { baseOffset, endOffset, count } of readAll(reader, "t", partition)) {
        assert.equal(baseOffset, next);
        assert.equal(endOffset - baseOffset, count);
        next = endOffset;
      }
      ends.push(next);
    }
    assert.equal(ends[0], ends[1], "both partitions of a commit, or neither");
    assert.ok(ends[1]! >= acknowledged, `${ends[1]} of ${acknowledged} acknowledged`);
    const accepted = reader.ledger({ from: 0, to: Infinity }).reduce((sum, { n }) => sum + n, 0);
    assert.equal(accepted, ends[0]! + ends[1]!, "the ledger agrees with the log");
    t.diagnostic(`${ends[1]} stored, ${acknowledged} acknowledged`);
    reader.close();
    writer.close();
  }
  rmSync(dir, { recursive: true });
});

test("a reader in another process sees what is acknowledged, at once", async () => {
  const dir = tempDir();
  const args = [fixture, dir, "40"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let reader: LogReader | undefined;
  let next = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    reader ??= openEmbeddedLogReader(dir);
    reader.changed();
    for (const { baseOffset, endOffset } of reader.read({ topic: "t", partition: 1, from: next })) {
      assert.equal(baseOffset, next);
      next = endOffset;
    }
    assert.ok(next >= Number(/^ack (\d+)$/.exec(line)?.[1]));
  }
  assert.equal(next, 200);
  reader?.close();
  rmSync(dir, { recursive: true });
});

test("a second process is told who has the folder", () => {
  const dir = tempDir();
  const writer = openEmbeddedLog({ dir, clock: systemClock });
  const { status, stderr } = spawnSync(process.execPath, [fixture, dir, "1"], { encoding: "utf8" });
  assert.notEqual(status, 0);
  assert.match(stderr, new RegExp(`STORAGE_LOCKED`));
  assert.match(stderr, new RegExp(`in use by process ${process.pid}`));
  writer.close();
  rmSync(dir, { recursive: true });
});

test("file and folder are synced before an append returns", (t) => {
  const dir = tempDir();
  const trace = `${dir}/trace.txt`;
  const calls = "trace=fsync,fdatasync,write,pwrite64";
  const strace = ["-f", "-y", "-e", calls, "-o", trace, process.execPath, fixture, dir, "20"];
  const { status, error } = spawnSync("strace", strace, { encoding: "utf8" });
  if (error !== undefined || status !== 0) {
    t.diagnostic("strace isn't here, or may not trace: looking at the settings alone");
    const db = openLogDatabase(dir);
    const pragma = (name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0];
    assert.equal(pragma("synchronous"), 2);
    assert.equal(pragma("journal_mode"), "wal");
    assert.equal(pragma("fullfsync"), 1);
    db.close();
  } else {
    checkTrace(readFileSync(trace, "utf8").split("\n"), dir);
  }
  rmSync(dir, { recursive: true });
});

/** Between two acknowledgements the write-ahead log is synced after its last write. */
function checkTrace(lines: readonly string[], dir: string): void {
  let folderSynced = false;
  let unsynced = 0;
  let written = 0;
  let acks = 0;
  for (const line of lines) {
    if (/f(data)?sync\(/.test(line) && line.includes(`<${dir}/log>`)) folderSynced = true;
    if (line.includes("log.db-wal>") && /pwrite64\(|write\(/.test(line)) {
      unsynced++;
      written++;
    }
    if (line.includes("log.db-wal>") && /f(data)?sync\(/.test(line)) unsynced = 0;
    if (!/write\(1<.*"ack \d+/.test(line)) continue;
    acks++;
    assert.ok(folderSynced, "the folder is synced before the first acknowledgement");
    assert.ok(written > 0, "something was written for this acknowledgement");
    assert.equal(unsynced, 0, `acknowledgement ${acks} came before its sync`);
    written = 0;
  }
  assert.equal(acks, 20);
}
