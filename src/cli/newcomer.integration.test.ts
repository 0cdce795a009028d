import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const MILLRACE = fileURLToPath(new URL("../../bin/millrace.js", import.meta.url));
const env = {
  ...process.env,
  MILLRACE_DATA: "",
  MILLRACE_PORT: "0",
  MILLRACE_CLICKHOUSE_PORT: "0",
};
let base: string;
let project: string;
let pipeline: ChildProcess;
let url: string;

before(async () => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "millrace-newcomer-")));
  project = join(base, "my-pipeline");
  spawnSync(process.execPath, [MILLRACE, "init", "my-pipeline"], { cwd: base });
  pipeline = spawn(process.execPath, [MILLRACE, "up", "--json"], {
    cwd: project,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: pipeline.stdout! })[Symbol.asyncIterator]();
  const first = await lines.next();
  assert.equal(first.done, false, "`up` ended before it listened");
  ({ url } = JSON.parse(String(first.value)) as { url: string });
});

after(async () => {
  if (pipeline.exitCode === null) {
    pipeline.kill("SIGTERM");
    await once(pipeline, "exit");
  }
  rmSync(base, { recursive: true });
});

/** What a shell in the project prints for lines of its README, at the port that it listens on. */
function shell(lines: string): string {
  const script = lines.replaceAll("http://127.0.0.1:8080", url);
  const { stdout, stderr, status } = spawnSync("sh", ["-ec", script], {
    cwd: project,
    env,
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

/** The sh blocks of a section of the project's README. */
function readmeLines(section: string): string {
  const readme = readFileSync(join(project, "README.md"), "utf8");
  const text = readme.slice(readme.indexOf(`## ${section}`)).split(/^## /m)[1]!;
  return [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block).join("");
}

test(
  "the README's event is accepted, counted, stored and traced",
  { timeout: 120_000 },
  async () => {
    assert.match(shell(readmeLines("Send it events")), /"accepted":1/);
    await untilRows("/v1/metrics/page-views?page_path=/hello");
    await untilRows("/v1/sql", "SELECT 1 FROM `site-events`");
    const answers = shell(readmeLines("Ask it"));
    assert.match(answers, /page_path +views.*\n.*\n.*\/hello +1 +1/);
    assert.match(answers, /"status": "accepted"/);
    assert.match(shell(readmeLines("Send it events")), /"duplicate":1/);
  },
);

test("the tracker that the README names is served", async () => {
  const answer = await fetch(`${url}/t.js`);
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /data-write-key/);
});

/** Asks again until there are rows; the test's own time limit ends it otherwise. */
async function untilRows(path: string, sql?: string): Promise<void> {
  const post = { method: "POST", body: JSON.stringify({ sql }) };
  for (;;) {
    const answer = await fetch(url + path, sql === undefined ? {} : post);
    const { rows } = (await answer.json()) as { rows?: unknown[] };
    if (rows !== undefined && rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
