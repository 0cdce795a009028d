import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { checkTrace } from "./sync/check-trace.ts";
import { TRACED } from "./sync/system-calls.ts";

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
    // The log's own test looks at the settings, layouts and lake are checked below by a shim.
    t.diagnostic("not traced: strace isn't here or may not trace");
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
