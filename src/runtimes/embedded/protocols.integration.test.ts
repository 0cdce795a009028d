import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { removeFolder, startRunning, temporaryFolder, type Running } from "./running.fixture.ts";

const timeout = 120_000;
const page = readFileSync(new URL("../../../docs/specs/protocols.md", import.meta.url), "utf8");
const folder = temporaryFolder("protocols");
let running: Running;
before(async () => void (running = await startRunning({ data: folder })), { timeout });
after(async () => {
  await running.stop();
  removeFolder(folder);
});

/** Each command of the page with the answer that is shown after it. */
const examples = [...page.matchAll(/```sh\n([^]*?)```\n\n```json\n([^]*?)```/g)].map(
  ([, script = "", answer = ""]) => ({ script, answer }),
);

/** What a command prints. */
function run(script: string): unknown {
  const { stdout, stderr, status } = spawnSync(
    "sh",
    ["-ec", script.replaceAll("http://127.0.0.1:8080", running.url)],
    { encoding: "utf8", env: { ...process.env, ADMIN_KEY: running.adminKey } },
  );
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as unknown;
}

/** What is shown, with what there is in the place of every "…". */
function filled(shown: unknown, actual: unknown): unknown {
  if (shown === "…") return actual;
  if (Array.isArray(shown) && Array.isArray(actual)) {
    return shown.map((each, index) => filled(each, actual[index]));
  }
  if (typeof shown !== "object" || shown === null) return shown;
  if (typeof actual !== "object" || actual === null) return shown;
  const members = Object.entries(shown).map(([name, value]) => [
    name,
    filled(value, (actual as Record<string, unknown>)[name]),
  ]);
  return Object.fromEntries(members) as unknown;
}

test("every command of the page is followed by its answer", () => {
  assert.equal(page.match(/^```sh$/gm)?.length, examples.length);
  assert.ok(examples.length > 8);
});

describe("the answers are those shown", () => {
  for (const { script, answer } of examples) {
    test(
      script.split("\n").find((line) => line.startsWith("curl")),
      { timeout },
      () => {
        const actual = run(script);
        if (process.env["SHOW_ANSWERS"] !== undefined) console.log(JSON.stringify(actual));
        assert.deepEqual(actual, filled(JSON.parse(answer), actual));
      },
    );
  }
});
