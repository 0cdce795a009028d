import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { parseJson } from "../../src/ingest/scan/parse-json.ts";
import { EVENT_BOUNDS } from "../../src/ingest/scan/topic-scanner.ts";
import { post, testCollector } from "../../src/ingest/collector.fixture.ts";
import { hostilePayloads } from "./payloads.ts";

const SUITE = join(import.meta.dirname, "../../../shared/data/json-parsing/test_parsing");
const PATHS = [
  "/v1/events",
  "/v1/events?topic=user-events",
  "/v1/tables/dim_users",
  "/v1/batch",
  "/v1/track",
];

/** CPU time of the longest turn of the event loop while requests were handled. */
let longestTurnUs = 0;

async function watched<T>(work: () => Promise<T>): Promise<T> {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  let isOn = true;
  let last = 0;
  const tick = (): void => {
    const now = process.threadCpuUsage().user;
    longestTurnUs = Math.max(longestTurnUs, now - last);
    last = now;
    if (isOn) setImmediate(tick);
  };
  await turn();
  last = process.threadCpuUsage().user;
  setImmediate(tick);
  const result = await work();
  await turn();
  isOn = false;
  return result;
}

/** Sends a body by every path; what it gives is checked to account for every byte. */
async function send(
  name: string,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ accepted: number }> {
  let accepted = 0;
  for (const path of PATHS) {
    const { collector, requests } = testCollector();
    const response = await watched(() => collector.handle(post(path, body, headers)));
    const answer = JSON.parse(String(response.body)) as Record<string, unknown>;
    const context = `${name} by ${path}: ${String(response.body).slice(0, 300)}`;
    if (response.status !== 200) {
      assert.ok([400, 413].includes(response.status), context);
      const { code, message } = answer["error"] as Record<string, string>;
      assert.ok(code !== "INTERNAL" && message !== "", context);
      assert.equal(requests.length, 0, context);
      await collector.flush();
      const flushed = requests.flatMap(({ counts }) => counts ?? []);
      assert.deepEqual(
        flushed.map(({ status, n }) => [status, n]),
        [
          ["in", 1],
          ["refused", 1],
        ],
      );
      continue;
    }
    const rows = requests.flatMap(({ sets }) => sets.filter((set) => set.parent === undefined));
    const taken = rows.reduce((sum, set) => sum + set.rowStarts.length, 0);
    const kept = requests.flatMap(({ quarantine }) => quarantine ?? []);
    const counts = requests.flatMap((request) => request.counts ?? []);
    const total = (status: string): number =>
      counts.filter((each) => each.status === status).reduce((sum, { n }) => sum + n, 0);
    assert.equal(total("in"), taken + kept.length + total("refused"), context);
    const plain = body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body;
    for (const { bytes, reason } of kept) {
      assert.ok(plain.includes(Buffer.from(bytes)), `${context}: the bytes are kept`);
      assert.notEqual(reason, "");
    }
    if (path.startsWith("/v1/events")) accepted += taken;
  }
  return { accepted };
}

test("every hostile payload is refused or quarantined with a reason, and nothing falls over", async () => {
  const payloads = hostilePayloads();
  assert.ok(payloads.length >= 200, `${payloads.length} payloads`);
  for (const { name, body, headers, mayBeAccepted } of payloads) {
    const { accepted } = await send(name, body, headers);
    if (mayBeAccepted !== true) assert.equal(accepted, 0, `${name} must not be accepted`);
  }
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  console.log(`${payloads.length} payloads, longest turn ${longestTurnUs / 1000} ms of CPU`);
});

test("JSONTestSuite: what isn't JSON isn't accepted, what is is read", async () => {
  if (!existsSync(SUITE)) return;
  const files = globSync("*.json", { cwd: SUITE });
  assert.ok(files.length > 300);
  for (const file of files) {
    const body = readFileSync(`${SUITE}/${file}`);
    await send(basename(file), body);
    const node = parseJson(body, 0, body.length, EVENT_BOUNDS);
    const isRefused = node.kind === "failure";
    if (file.startsWith("n_")) assert.ok(isRefused, `${file} isn't JSON`);
    const isOdd = isRefused && node.code === "FIELD_DUPLICATE";
    if (file.startsWith("y_"))
      assert.ok(!isRefused || isOdd, `${file} is JSON: ${JSON.stringify(node)}`);
  }
});
