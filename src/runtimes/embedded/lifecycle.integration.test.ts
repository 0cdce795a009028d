import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { after, test, type TestContext } from "node:test";
import {
  ask,
  freePorts,
  MILLRACE,
  removeFolder,
  send,
  SHOP,
  sql,
  startRunning,
  temporaryFolder,
  until,
  untilGone,
  type Running,
} from "./running.fixture.ts";

const timeout = 240_000;
const folder = temporaryFolder("lifecycle");
after(() => removeFolder(folder));

const view = (id: string) => ({
  event_id: id,
  user_id: "ann",
  event_type: "page_view",
  timestamp: "2026-05-05T10:00:00Z",
  properties: { page_url: "https://a.example/" },
});

const millrace = (args: readonly string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, [MILLRACE, ...args], {
    env: { ...freePorts(folder), ...env },
    encoding: "utf8",
  });

async function started(t: TestContext): Promise<Running> {
  const running = await startRunning({ data: folder });
  t.after(() => running.stop());
  return running;
}

const pidsOf = ({ pids, process: child }: Running): number[] => [
  ...new Set([child.pid!, ...Object.values(pids)]),
];

test(
  "a second start on the folder is refused, and leaves the first alone",
  { timeout },
  async (t) => {
    const running = await started(t);
    const second = millrace(["up", SHOP]);
    assert.equal(second.status, 1);
    assert.match(second.stderr, /error STORAGE_LOCKED: .*\nhint: /);
    assert.ok(second.stderr.includes(folder), second.stderr);
    assert.equal((await send(running, "user-events", [view("one")])).json.accepted, 1);
    assert.match(millrace(["trace", "one"]).stdout, /accepted/);
    const doctor = millrace(["doctor"]).stdout;
    assert.ok(doctor.includes(`data folder: ${folder}\n`), doctor);
    assert.doesNotMatch(doctor, /^BAD/m);
    await stopped(running, "SIGTERM");
  },
);

test("a taken port is an error that names the port and the variable", { timeout }, async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const port = String((other.address() as AddressInfo).port);
  for (const variable of ["MILLRACE_PORT", "MILLRACE_CLICKHOUSE_PORT"]) {
    const { stderr, status } = millrace(["up", SHOP], { [variable]: port });
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`error PORT_TAKEN: .*${port}.*\\(${variable}\\)`));
    assert.match(stderr, new RegExp(`hint: .*${variable}`));
  }
  other.close();
});

test("a restart is quick and keeps events, figures and ids", { timeout }, async (t) => {
  const beganMs = performance.now();
  const running = await started(t);
  console.log(`second start: ${((performance.now() - beganMs) / 1_000).toFixed(1)} s`);
  const again = await send(running, "user-events", [view("one"), view("two")]);
  assert.deepEqual(
    again.json.results.map(({ status }: { status: string }) => status),
    ["duplicate", "accepted"],
  );
  const ids = "SELECT event_id FROM `user-events` ORDER BY event_id";
  const rows = await until(
    () => sql(running, ids),
    ({ length }) => length >= 2,
  );
  assert.deepEqual(rows, [{ event_id: "one" }, { event_id: "two" }]);
  await stopped(running, "SIGTERM");
});

test(
  "Ctrl-C reaches every process at once; they end in order and say nothing wrong",
  { timeout },
  async (t) => {
    const running = await started(t);
    await send(running, "user-events", [view("three")]);
    await stopped(running, "SIGINT", true);
    const { stderr, status } = millrace(["query", "page-view-counts"]);
    assert.equal(status, 1);
    assert.match(stderr, /error NOT_READY: no pipeline runs on/);
  },
);

test(
  "when main is killed its children end, and the other commands say so",
  { timeout },
  async (t) => {
    const running = await started(t);
    assert.equal((await send(running, "user-events", [view("four")])).json.accepted, 1);
    process.kill(running.pids.main, "SIGKILL");
    for (const pid of pidsOf(running)) await untilGone(pid);
    const { stderr, status } = millrace(["trace", "four"]);
    assert.equal(status, 1);
    assert.match(stderr, /error NOT_READY: no pipeline runs on/);
  },
);

test(
  "a killed child is restarted, said in one line, and nothing is lost",
  { timeout },
  async (t) => {
    const running = await started(t);
    for (const part of ["warehouse", "pipeline"] as const) {
      process.kill(running.pids[part], "SIGKILL");
      await running.untilSaid(new RegExp(`the ${part} ended \\(SIGKILL\\); it is being restarted`));
      assert.equal((await send(running, "user-events", [view(part)])).json.accepted, 1);
      await until(
        () => ask(running, "/readyz"),
        ({ status }) => status === 200,
      );
      const stored = `SELECT 1 FROM \`user-events\` WHERE event_id = '${part}'`;
      await until(
        () => sql(running, stored).catch(() => []),
        ({ length }) => length === 1,
      );
    }
    const four = await sql(running, "SELECT 1 FROM `user-events` WHERE event_id = 'four'");
    assert.equal(four.length, 1);
    const lines = running
      .said()
      .split("\n")
      .filter((line) => !/…$|^$/.test(line));
    assert.equal(lines.length, 2, running.said());
    assert.equal(await running.stop(), 0);
  },
);

/** Ends it and asserts that it went well: soon, no process left, no word of an error. */
async function stopped(running: Running, signal: NodeJS.Signals, isGroup = false): Promise<void> {
  const exited = once(running.process, "exit");
  const beganMs = performance.now();
  process.kill(isGroup ? -running.process.pid! : running.process.pid!, signal);
  const [code] = (await exited) as [number | null];
  console.log(`${signal}: ended after ${((performance.now() - beganMs) / 1_000).toFixed(1)} s`);
  assert.ok(code === 0 || code === 130 || code === 143, `exit code ${code}`);
  for (const pid of pidsOf(running)) await untilGone(pid);
  assert.doesNotMatch(running.said(), /error|ended \(|failed|Error/i, running.said());
  const left = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  assert.ok(!left.includes(folder));
}
