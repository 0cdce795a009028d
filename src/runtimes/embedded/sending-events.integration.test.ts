import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import {
  ask,
  removeFolder,
  SHOP,
  startRunning,
  temporaryFolder,
  until,
  type Running,
} from "./running.fixture.ts";

const timeout = 120_000;
const guide = readFileSync(
  new URL("../../../docs/guides/sending-events.md", import.meta.url),
  "utf8",
);
const folder = temporaryFolder("sending");
let running: Running;
before(async () => void (running = await startRunning({ data: folder, args: ["up", SHOP] })), {
  timeout,
});
after(async () => {
  await running.stop();
  removeFolder(folder);
});

interface Answer {
  readonly accepted: number;
  readonly results: readonly { readonly status: string; readonly reason?: string }[];
}

/** What the commands of a section print. */
function run(section: string): Answer {
  const text = guide.slice(guide.indexOf(`## ${section}\n`)).split(/^## /m)[1]!;
  const [, commands] = /```sh\n([^]*?)```/.exec(text)!;
  const script = commands!.replaceAll("http://127.0.0.1:8080", running.url);
  const { stdout, stderr, status } = spawnSync("sh", ["-ec", script], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Answer;
}

test("one event: the answer is the one shown, and it is counted", { timeout }, async () => {
  const [, shown] = /```json\n([^]*?)```/.exec(guide)!;
  assert.deepEqual(run("One event"), JSON.parse(shown!));
  const metric = "/v1/metrics/page-view-counts?page_url=https://shop.example/guide";
  await until(
    () => ask(running, metric),
    ({ json }) => json.rows[0]?.views === 1,
  );
});

test("many events: a result for each, as the table says", { timeout }, () => {
  assert.deepEqual(
    run("Many events").results.map(({ status, reason }) => [status, reason]),
    [
      ["accepted", undefined],
      ["duplicate", undefined],
      ["quarantined", "RULE_BROKEN"],
      ["quarantined", "TIME_INVALID"],
    ],
  );
});

test("a table takes a row", { timeout }, () => {
  assert.equal(run("Users and other tables").accepted, 1);
});

test("the limits that it names are those of the code", async () => {
  const { LIMITS } = await import("../../core/limits.ts");
  assert.equal(LIMITS.bodyBytesMax, 8 * 2 ** 20);
  assert.equal(LIMITS.decompressedBytesMax, 32 * 2 ** 20);
  assert.equal(LIMITS.batchEventsMax, 20_000);
  assert.equal(LIMITS.eventBytesMax, 256 * 1024);
  assert.deepEqual(
    [LIMITS.eventDepthMax, LIMITS.eventKeysMax, LIMITS.idCharactersMax],
    [32, 1_000, 128],
  );
});
