import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../src/core/clock.ts";
import { LayoutStore } from "../src/runtimes/embedded/layout-store.ts";
import { writePrivateFile } from "../src/runtimes/embedded/private-file.ts";
import type { LakeFile } from "../src/storage/lake/lake.ts";
import { openEmbeddedLake } from "../src/storage/lake/embedded/embedded-lake.ts";
import { checkTrace } from "./sync/check-trace.ts";
import { DiskModel } from "./sync/disk-model.ts";
import { TRACED } from "./sync/system-calls.ts";
import { watchFiles } from "./sync/watched-files.ts";

const ROOT = join(import.meta.dirname, "..");
const EVENTS = 40;
const WAIT_MS_MAX = 60_000;

/** Without any one of these the check must fail: the trace is looked at with each left out. */
const SYNCS = {
  "the log": /f(data)?sync.*\/log\/log\.db-wal>?/,
  "the log's folder": /fsync\(.*\/data\/log>/,
  "the data folder": /fsync\(.*\/data>/,
  "the layouts": /fsync.*layouts\.jsonl/,
  "a file of the lake": /fsync.*\.parquet/,
  "a folder of the lake": /fsync.*\/date=[^/]*>/,
  "a part of the warehouse": /f(data)?sync.*\/tmp_insert_.*\/data\.bin/,
} as const;

const canTrace = (): boolean => spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

test("what is acknowledged survives a disk that forgets what isn't synced", async (t) => {
  if (!canTrace()) {
    t.diagnostic(
      "not traced, for strace isn't here or may not trace: only the files that we write ourselves " +
        "were checked (below), and the settings of SQLite (by the log's own test)",
    );
    return;
  }
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "millrace-sync-")));
  const trace = join(dir, "trace.txt");
  const dataDir = join(dir, "data");
  try {
    const ids = await runTraced(dir, trace, dataDir);
    const lines: string[] = [];
    for await (const line of createInterface(createReadStream(trace, "latin1"))) lines.push(line);
    const checked = checkTrace(lines, dataDir, ids);
    assert.deepEqual([...checked.acknowledged].toSorted(), ids.toSorted());
    assert.ok(checked.lakeFiles > 0 && checked.lakeCommits > 0 && checked.parts > 0);
    for (const [what, sync] of Object.entries(SYNCS)) {
      const forgetful = lines.filter((line) => !sync.test(line));
      assert.ok(forgetful.length < lines.length, `there are syncs of ${what}`);
      assert.throws(() => checkTrace(forgetful, dataDir, ids), `it matters that ${what} is synced`);
    }
    t.diagnostic(
      `traced ${lines.length} system calls: ${checked.acknowledged.size} acknowledgements, ` +
        `${checked.lakeFiles} files of the lake, ${checked.parts} parts of the warehouse`,
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("the files that we write ourselves are synced, with their names", async () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "millrace-sync-")));
  const disk = new DiskModel();
  const stop = watchFiles(disk);
  const isDurable = (path: string): void => {
    assert.ok(disk.isKnown(path), `${path} was seen`);
    assert.ok(disk.hasContent(path), `${path} is synced`);
    assert.ok(disk.hasName(path), `${path}: its name is synced`);
  };
  try {
    const layouts = new LayoutStore(join(dir, "layouts.jsonl"));
    for (const id of ["a", "b"]) {
      layouts.numberOf({ id, columns: [] });
      isDurable(join(dir, "layouts.jsonl"));
    }
    writePrivateFile(join(dir, "admin-key"), "key");
    isDurable(join(dir, "admin-key"));
    for (const path of await writeToLake(join(dir, "lake"))) isDurable(path);
    const careless = join(dir, "careless");
    writeFileSync(careless, "not synced");
    assert.throws(() => isDurable(careless), /is synced/, "the check would tell");
  } finally {
    stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

/** Commits two ranges; gives the files of the lake and their listing. */
async function writeToLake(dir: string): Promise<string[]> {
  const lake = openEmbeddedLake({ dir, clock: systemClock });
  const date = "2026-01-31";
  const times = { minTime: 0, maxTime: 1, minReceivedAt: 0, maxReceivedAt: 1 };
  const files: LakeFile[] = [];
  for (const from of [0, 10]) {
    const range = { topic: "actions", partition: 0, from, to: from + 10 };
    const path = join(await lake.begin(range), `${date}.parquet`);
    writeFileSync(path, "written by the engine, and not synced");
    files.push(...(await lake.commit(range, [{ path, date, rows: 10, ...times }])));
  }
  lake.close();
  return [...files.map(({ path }) => path), join(dir, "actions", `date=${date}`, "_manifest.json")];
}

/** Runs the pipeline under `strace` and sends events; gives their ids. */
async function runTraced(dir: string, trace: string, dataDir: string): Promise<string[]> {
  const main = join(ROOT, "src/cli/main.ts");
  const child = spawn(
    "strace",
    [
      ...["-f", "-y", "-s", "70000", "-e", `trace=${TRACED}`, "-e", "signal=none", "-o", trace],
      ...[process.execPath, main, "up", join(ROOT, "examples/shop"), "--json"],
    ],
    {
      cwd: dir,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        NODE_NO_WARNINGS: "1",
        MILLRACE_DATA: dataDir,
        MILLRACE_PORT: "0",
        MILLRACE_CLICKHOUSE_PORT: "0",
        MILLRACE_LAKE_ROLL_SECONDS: "1",
      },
    },
  );
  let notices = "";
  child.stderr.on("data", (text: Buffer) => (notices += String(text)));
  const ended = once(child, "exit");
  const line = await Promise.race([once(createInterface(child.stdout), "line"), ended]);
  assert.match(String(line[0]), /^\{/, `it didn't start: ${notices}`);
  const up = JSON.parse(String(line[0])) as { url: string; pids: { main: number } };
  try {
    const ids = await sendEvents(up.url);
    await until(async () => (await inLake(up.url)) >= EVENTS);
    return ids;
  } finally {
    process.kill(up.pids.main, "SIGTERM");
    await ended;
  }
}

/** Sends half of them one by one, half at once. */
async function sendEvents(url: string): Promise<string[]> {
  const ids = Array.from({ length: EVENTS }, (_, at) => `traced-${String(at).padStart(3, "0")}`);
  const send = async (id: string): Promise<void> => {
    const answer = await fetch(`${url}/v1/events?topic=user-events`, {
      method: "POST",
      headers: { authorization: "Bearer dev", "content-type": "application/json" },
      body: JSON.stringify({
        event_id: id,
        user_id: `user-${id.at(-1)}`,
        event_type: "click",
        timestamp: new Date().toISOString(),
      }),
    });
    assert.equal(((await answer.json()) as { accepted: number }).accepted, 1);
  };
  for (const id of ids.slice(0, EVENTS / 2)) await send(id);
  await Promise.all(ids.slice(EVENTS / 2).map(send));
  return ids;
}

async function inLake(url: string): Promise<number> {
  const answer = await fetch(`${url}/v1/ledger?topic=user-events`);
  const { partitions } = (await answer.json()) as {
    partitions: { lake: number; loaded: number }[];
  };
  return partitions.reduce((sum, each) => sum + Math.min(each.lake, each.loaded), 0);
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`never came true: ${isTrue.toString()}`);
    await sleep(200);
  }
}
