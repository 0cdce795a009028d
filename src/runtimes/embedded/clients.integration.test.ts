import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { SchemaRegistryClient } from "@confluentinc/schemaregistry";
import { Analytics } from "@segment/analytics-node";
import { chromium } from "playwright-core";
import {
  ask,
  removeFolder,
  send,
  sql,
  startRunning,
  temporaryFolder,
  until,
  type Running,
} from "./running.fixture.ts";

const timeout = 180_000;
const CHROMIUM = "/usr/bin/chromium";
const folder = temporaryFolder("clients");
let running: Running;
before(async () => void (running = await startRunning({ data: folder })), { timeout });
after(async () => {
  await running.stop();
  removeFolder(folder);
});

const counted = (where: string) =>
  sql<{ n: string; ids: string }>(
    running,
    `SELECT count() AS n, uniqExact(event_id) AS ids FROM \`user-events\` WHERE ${where}`,
  );

test("Segment's client at its default settings: every call once", { timeout }, async () => {
  const analytics = new Analytics({ writeKey: "dev", host: running.url });
  const errors: unknown[] = [];
  analytics.on("error", (error) => errors.push(error));
  for (let n = 0; n < 100; n++) analytics.track({ userId: "seg", event: `Step ${n}` });
  analytics.page({ userId: "seg", name: "Home", properties: { url: "https://a.example/home" } });
  analytics.identify({ userId: "seg", traits: { country: "NL" } });
  await analytics.closeAndFlush();
  assert.deepEqual(errors, []);
  const [row] = await until(
    () => counted("user_id = 'seg'"),
    ([found]) => Number(found!.n) >= 101,
  );
  assert.deepEqual(row, { n: "101", ids: "101" });
  const user = "SELECT country FROM dim_users WHERE user_id = 'seg'";
  const users = await until(
    () => sql(running, user),
    ({ length }) => length > 0,
  );
  assert.deepEqual(users, [{ country: "NL" }]);
  assert.deepEqual((await ask(running, "/v1/quarantine")).json.items, []);
});

test("Confluent's registry client reads the definition's schemas", { timeout }, async () => {
  const client = new SchemaRegistryClient({ baseURLs: [`${running.url}/registry`] });
  const subjects = await client.getAllSubjects();
  assert.ok(subjects.includes("user-events-value"), String(subjects));
  const latest = await client.getLatestSchemaMetadata("user-events-value");
  assert.equal((JSON.parse(latest.schema) as { type: string }).type, "record");
  const schema = await client.getBySubjectAndId("user-events-value", latest.id!);
  assert.equal(schema.schema, latest.schema);
});

test("ClickHouse's client and curl's requests read behind the fence", { timeout }, async () => {
  await send(running, "user-events", [
    { event_id: "ch", user_id: "ch", event_type: "click", timestamp: new Date().toISOString() },
  ]);
  await until(
    () => counted("user_id = 'ch'"),
    ([found]) => found!.n === "1",
  );
  const client = createClient({
    url: running.clickhouse,
    username: "admin",
    password: running.adminKey,
    database: "millrace",
    log: { level: ClickHouseLogLevel.OFF },
  });
  const result = await client.query({
    query: "SELECT event_type FROM `user-events` WHERE user_id = {user:String}",
    query_params: { user: "ch" },
    format: "JSONEachRow",
  });
  assert.deepEqual(await result.json(), [{ event_type: "click" }]);
  await assert.rejects(client.command({ query: "DROP TABLE `user-events`" }));
  await client.close();
  const get = (query: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${running.clickhouse}/?query=${encodeURIComponent(query)}`, { headers });
  const admin = { "x-clickhouse-user": "admin", "x-clickhouse-key": running.adminKey };
  assert.equal(await (await get("SELECT 1 + 1", admin)).text(), "2\n");
  const basic = `Basic ${Buffer.from(`admin:${running.adminKey}`).toString("base64")}`;
  assert.equal(await (await get("SELECT 40 + 2", { authorization: basic })).text(), "42\n");
  assert.equal((await get("SELECT 1")).ok, false);
  assert.equal((await get("SELECT * FROM file('/etc/passwd', 'LineAsString')", admin)).ok, false);
  assert.equal(await (await fetch(`${running.clickhouse}/ping`)).text(), "Ok.\n");
});

test(
  "the ledger balances where events of one minute come by two protocols",
  { timeout },
  async () => {
    const headers = { authorization: `Basic ${Buffer.from("dev:").toString("base64")}` };
    const both = { event_id: "", user_id: "both", event_type: "click" };
    for (let n = 0; n < 3; n++) {
      const body = JSON.stringify({ userId: "both", event: "Both", messageId: `both-${n}` });
      assert.equal(
        (await ask(running, "/v1/track", { method: "POST", headers, body })).status,
        200,
      );
      const timestamp = new Date().toISOString();
      await send(running, "user-events", [{ ...both, event_id: `native-${n}`, timestamp }]);
    }
    await until(
      () => counted("user_id = 'both'"),
      ([found]) => found!.n === "6",
    );
    const { json, text } = await ask(running, "/v1/ledger");
    assert.equal(json.balanced, true, text);
  },
);

test(
  "the tracker in a browser: views, events, navigation, offline, leaving",
  { timeout },
  async (t) => {
    if (!existsSync(CHROMIUM)) {
      t.diagnostic(`NOT RUN: there is no browser at ${CHROMIUM}`);
      return;
    }
    const site = await startSite(running.url);
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    t.after(async () => {
      await browser.close();
      site.server.closeAllConnections();
      site.server.close();
    });
    const context = await browser.newContext();
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(`${site.url}/start`);
    await stored(site.url, 2); // its page view, and the event called before the tracker was there
    await page.evaluate(
      `millrace("Signed up", { plan: "pro" }); history.pushState({}, "", "/second")`,
    );
    await stored(site.url, 4);
    await page.evaluate(`millrace.identify("eve")`);

    await context.setOffline(true);
    await page.evaluate(
      `millrace("Offline 1"); history.pushState({}, "", "/third"); millrace("Offline 2")`,
    );
    const queued = `JSON.parse(localStorage.getItem("millrace.queue")).length`;
    await page.waitForFunction(`${queued} === 3`);
    await context.setOffline(false);
    await page.waitForFunction(`${queued} === 0`, undefined, { timeout: 60_000 });
    await stored(site.url, 7);

    await page.evaluate(`millrace("Leaving")`);
    await page.goto(`${site.url}/empty`); // without the tracker: only a beacon can bring it
    await stored(site.url, 8);
    await page.goto(`${site.url}/start`);
    await stored(site.url, 10);
    const rows = await sql<{ kind: string; page_path: string; user_id: string | null }>(
      running,
      `SELECT if(event_type = 'custom', event_name, 'page_view') AS kind, page_path, user_id
     FROM \`user-events\` WHERE startsWith(properties.page_url, '${site.url}')
     ORDER BY timestamp, _offset`,
    );
    assert.deepEqual(rows.map(({ kind, page_path }) => `${kind} ${page_path}`).toSorted(), [
      "Called early /start",
      "Called early /start",
      "Leaving /third",
      "Offline 1 /second",
      "Offline 2 /third",
      "Signed up /start",
      "page_view /second",
      "page_view /start",
      "page_view /start",
      "page_view /third",
    ]);
    assert.equal(rows.filter(({ user_id }) => user_id === "eve").length, 6);
    assert.deepEqual(problems, []);
    assert.deepEqual((await ask(running, "/v1/quarantine")).json.items, []);
  },
);

/** Waits until exactly so many events of the site are stored, each once. */
async function stored(site: string, n: number): Promise<void> {
  const where = `startsWith(properties.page_url, '${site}')`;
  const [row] = await until(
    () => counted(where),
    ([found]) => Number(found!.n) >= n,
  );
  assert.deepEqual(row, { n: String(n), ids: String(n) });
}

/** A web site of another origin, with the script of the README pasted in. */
async function startSite(collector: string): Promise<{ server: Server; url: string }> {
  const html = `<!doctype html><title>A shop</title>
    <script async src="${collector}/t.js" data-write-key="dev"></script>
    <script>
      window.millrace = window.millrace || Object.assign((...call) => millrace.q.push(call), { q: [] });
      millrace("Called early");
    </script>`;
  const server = createServer((request, response) => {
    const body = request.url === "/empty" ? "<!doctype html><title>Gone</title>" : html;
    response.setHeader("content-type", "text/html").end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
