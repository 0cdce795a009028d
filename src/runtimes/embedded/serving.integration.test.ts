import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { after, before, test } from "node:test";
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

const timeout = 120_000;
let running: Running;
const folder = temporaryFolder("serving");
before(async () => void (running = await startRunning({ data: folder })), { timeout });
after(async () => {
  await running.stop();
  removeFolder(folder);
});

const now = (): string => new Date().toISOString();
const pageView = (id: string, page: string) => ({
  event_id: id,
  user_id: "ann",
  event_type: "page_view",
  timestamp: now(),
  properties: { page_url: page },
});

test(
  "requests that come together don't mix, though they use the same memory",
  { timeout },
  async () => {
    const clients = Array.from({ length: 24 }, (_, client) => client);
    const idOf = (client: number, turn: number, index: number): string =>
      `together-${client}-${turn}-${index}`;
    const eventsOf = (client: number, turn: number): object[] =>
      Array.from({ length: 40 }, (_, index) => {
        const id = idOf(client, turn, index);
        const page = `https://together.example/${"x".repeat((client * 7 + index) % 90)}/${id}`;
        return { ...pageView(id, page), user_id: `user of ${id}` };
      });
    await Promise.all(
      clients.map(async (client) => {
        for (let turn = 0; turn < 5; turn++) {
          const events = eventsOf(client, turn);
          // What another request has brought already is among them.
          const [again] = turn === 0 ? [] : eventsOf(client, turn - 1);
          const sent = await send(running, "user-events", again ? [again, ...events] : events);
          const statuses = sent.json.results.map((each: { status: string }) => each.status);
          const ids = sent.json.results.map((each: { event_id: string }) => each.event_id);
          const own = events.map((_, index) => idOf(client, turn, index));
          assert.deepEqual(ids, again ? [idOf(client, turn - 1, 0), ...own] : own);
          assert.deepEqual(statuses, [
            ...(again ? ["duplicate"] : []),
            ...own.map(() => "accepted"),
          ]);
        }
      }),
    );
    const rows = await until(
      () =>
        sql(
          running,
          `SELECT count() AS n, uniqExact(event_id) AS ids,
           countIf(user_id != concat('user of ', event_id) OR NOT endsWith(properties.page_url, event_id)) AS mixed
         FROM \`user-events\` WHERE event_id LIKE 'together-%'`,
        ),
      ([row]) => Number(row!["n"]) >= 24 * 5 * 40,
    );
    assert.deepEqual(Object.values(rows[0]!).map(Number), [24 * 5 * 40, 24 * 5 * 40, 0]);
  },
);

test("an event is counted, stored and traced, and the ledger balances", { timeout }, async () => {
  const sent = await send(running, "user-events", [pageView("first", "https://a.example/x")]);
  assert.equal(sent.status, 200);
  assert.deepEqual(sent.json.results, [{ event_id: "first", status: "accepted" }]);
  const metric = "/v1/metrics/page-view-counts?page_url=https://a.example/x";
  const { json } = await until(
    () => ask(running, metric),
    ({ json: { rows } }) => rows.length > 0,
  );
  assert.equal(json.metric, "page-view-counts");
  assert.equal(json.window, "tumbling 5m");
  assert.equal(json.rows[0].views, 1);
  assert.equal(json.rows[0].closed, false);
  const query = "SELECT page_path, user_id FROM `user-events` WHERE event_id = 'first'";
  const rows = await until(
    () => sql(running, query),
    ({ length }) => length > 0,
  );
  assert.deepEqual(rows, [{ page_path: "/x", user_id: "ann" }]);
  const trace = await ask(running, "/v1/trace/first");
  assert.equal(trace.status, 200);
  assert.match(trace.text, /"status":"accepted"/);
  assert.match(trace.text, /page-view-counts/);
  const again = await send(running, "user-events", [pageView("first", "https://a.example/x")]);
  assert.deepEqual(again.json.results, [{ event_id: "first", status: "duplicate" }]);
  const ledger = await ask(running, "/v1/ledger");
  assert.equal(ledger.json.balanced, true);
  assert.equal((await ask(running, "/v1/trace/nobody")).json.status, "unknown");
});

test("a purchase in each topic: each revenue figure is of its own", { timeout }, async () => {
  const user = { event_id: "i-1", user_id: "bob", timestamp: now(), country: "DE" };
  assert.equal((await send(running, "dim_users", [user])).json.accepted, 1);
  // The door looks users up; it knows a new one a moment after it is on disk.
  let orders = 0;
  const order = () => ({
    event_id: `o-${(orders += 1)}`,
    user_id: "bob",
    event_type: "purchase",
    timestamp: now(),
    properties: { product_id: "p", price: "12.5000", quantity: 3, currency: "CHF" },
    transaction: { order_id: "1", total_amount: "37.5000", payment_method: "card" },
  });
  const paid = "SELECT amount, currency, country FROM `paid-orders` WHERE user_id = 'bob'";
  const purchase = {
    ...pageView("b-1", "https://a.example/checkout"),
    user_id: "bob",
    event_type: "purchase",
    properties: { price: "99.9900", currency: "CHF" },
  };
  assert.equal((await send(running, "user-events", [purchase])).json.accepted, 1);
  await until(
    async () => {
      assert.equal((await send(running, "shop-events", [order()])).json.accepted, 1);
      await until(
        () => sql(running, paid),
        ({ length }) => length === orders,
      );
      return sql<{ country: string | null }>(running, paid);
    },
    (rows) => rows.some(({ country }) => country === "DE"),
  );
  const revenue = await until(
    () => ask(running, "/v1/metrics/shop-revenue?currency=CHF&event_type=purchase"),
    ({ json: { rows } }) => Number(rows[0]?.items) === 3 * orders,
  );
  const [row] = revenue.json.rows;
  assert.equal(Number(row.revenue), 37.5 * orders);
  assert.equal(typeof row.revenue, "string");
  assert.equal(Number(row.average_price), 12.5);
  const sessions = await until(
    () => ask(running, "/v1/metrics/session-metrics?user_id=bob"),
    ({ json: { rows } }) => rows.length > 0,
  );
  assert.equal(sessions.json.rows[0].revenue, "99.9900");
  const amounts = await sql<{ amount: string; currency: string }>(running, paid);
  assert.ok(amounts.every(({ amount }) => Number(amount) === 37.5));
});

test("a broken rule quarantines with bytes, rule and reason; a warning counts", async () => {
  const free = {
    ...pageView("free", "https://a.example/"),
    user_id: "nobody-knows",
    event_type: "purchase",
    properties: { price: "0", currency: "EUR" },
  };
  const sent = await send(running, "user-events", [free]);
  assert.equal(sent.json.quarantined, 1);
  assert.equal(sent.json.results[0].reason, "RULE_BROKEN");
  const list = await ask(running, "/v1/quarantine?reason=RULE_BROKEN");
  const found = list.json.items.find((each: { event_id: string }) => each.event_id === "free");
  assert.equal(found.rule, "positive-price");
  assert.deepEqual(JSON.parse(Buffer.from(found.base64, "base64").toString()), free);
  const trace = await ask(running, "/v1/trace/free");
  assert.match(trace.text, /"quarantined"/);
  assert.match(trace.text, /positive-price/);
  assert.ok(figure(await figures(), "millrace_rules_broken_total", { rule: "known-user" }) >= 1);
  assert.equal((await ask(running, "/v1/ledger")).json.balanced, true);
});

test(
  "/metrics parses and tells rate, latency, errors and freshness per stage",
  { timeout },
  async () => {
    const all = await until(
      figures,
      (each) => figure(each, "millrace_visible_seconds_count", { topic: "user-events" }) > 0,
    );
    for (const fate of ["accepted", "duplicate", "quarantined", "refused"]) {
      assert.ok(
        figure(all, "millrace_collect_events_total", { protocol: "http", fate }) >= 0,
        fate,
      );
    }
    const topic = { topic: "user-events" };
    assert.ok(
      figure(all, "millrace_collect_requests_total", { protocol: "http", status: "200" }) > 0,
    );
    for (const step of ["decode", "authenticate", "validate", "derive", "append"]) {
      assert.ok(figure(all, "millrace_collect_step_seconds_total", { step }) >= 0, step);
    }
    assert.ok(figure(all, "millrace_stream_events_total", {}) > 0);
    assert.ok(figure(all, "millrace_load_rows_total", topic) > 0);
    assert.ok(figure(all, "millrace_stream_freshness_seconds", topic) >= 0);
    assert.ok(figure(all, "millrace_load_lag_seconds", topic) >= 0);
    assert.ok(figure(all, "millrace_lake_lag_seconds", topic) >= 0);
    assert.ok(figure(all, "millrace_visible_seconds_bucket", { ...topic, le: "+Inf" }) > 0);
    assert.equal(figure(all, "millrace_part_up", { part: "warehouse" }), 1);
    assert.equal(figure(all, "millrace_part_up", { part: "pipeline" }), 1);
    assert.ok(figure(all, "millrace_errors_total", { stage: "stream" }) >= 0);
    const page = readFileSync(
      new URL("../../../docs/reference/metrics.md", import.meta.url),
      "utf8",
    );
    const documented = [...page.matchAll(/^\| `(millrace_\w+)` \|/gm)].map(([, name]) => name!);
    const { text } = await ask(running, "/metrics");
    const served = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!);
    assert.deepEqual(served.toSorted(), documented.toSorted());
  },
);

test("the ledger balances at every moment, while events come in too", { timeout }, async () => {
  let isOver = false;
  const traffic = (async () => {
    for (let n = 0; !isOver; n++) {
      const some = Array.from({ length: 20 }, (_, each) =>
        pageView(`t-${n}-${each}`, "https://a.example/t"),
      );
      await send(running, "user-events", some);
    }
  })();
  try {
    for (let n = 0; n < 40; n++) {
      const { json } = await ask(running, "/v1/ledger");
      assert.ok(json.balanced, JSON.stringify(json.partitions.filter(isUnbalanced)));
    }
  } finally {
    isOver = true;
    await traffic;
  }
});

const isUnbalanced = ({ balanced }: { readonly balanced: boolean }): boolean => !balanced;

test("/healthz and /readyz answer without a key", async () => {
  assert.deepEqual((await ask(running, "/healthz")).json, { status: "ok" });
  const ready = await ask(running, "/readyz");
  assert.equal(ready.status, 200);
  assert.equal(ready.json.status, "ready");
});

test("/openapi.json lists every route, and every GET of it answers", { timeout }, async () => {
  const { json } = await ask(running, "/openapi.json");
  assert.equal(json.openapi, "3.1.0");
  for (const path of [
    "/v1/events",
    "/v1/tables/{table}",
    "/v1/track",
    "/v1/identify",
    "/v1/page",
    "/v1/screen",
    "/v1/group",
    "/v1/alias",
    "/v1/batch",
    "/v1/metrics/{name}",
    "/v1/sql",
    "/v1/live",
    "/v1/trace/{event_id}",
    "/v1/ledger",
    "/v1/quarantine",
    "/metrics",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/registry/subjects",
    "/registry/subjects/{subject}/versions",
    "/t.js",
    "/",
  ]) {
    assert.ok(json.paths[path], path);
  }
  const ids = new Set<string>();
  for (const [path, operations] of Object.entries<Record<string, Operation>>(json.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      assert.match(method, /^(get|post|put|delete)$/);
      assert.ok(operation.summary.length > 0, path);
      assert.ok(operation.responses.default ?? operation.responses["200"], path);
      ids.add(`${method} ${path}`);
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = operation.parameters
        .filter((each: Parameter) => each.in === "path")
        .map((each: Parameter) => each.name);
      assert.deepEqual(declared.toSorted(), named.toSorted(), path);
    }
  }
  assert.ok(ids.size > 25);
  for (const path of Object.keys(json.paths)) {
    if (path === "/v1/live" || path.includes("{") || json.paths[path].get === undefined) continue;
    assert.notEqual((await ask(running, path)).status, 404, path);
  }
});

test("HEAD answers as GET does, without the body", async () => {
  for (const path of ["/", "/v1/metrics", "/t.js", "/healthz"]) {
    const [head, get] = [await ask(running, path, { method: "HEAD" }), await ask(running, path)];
    assert.equal(head.status, 200, path);
    assert.equal(head.text, "");
    assert.equal(head.headers.get("content-length"), get.headers.get("content-length"), path);
  }
});

test("errors are of one form: nothing there, another method, a method unheard of", async () => {
  const nothing = await ask(running, "/nothing");
  assert.equal(nothing.status, 404);
  assert.equal(nothing.json.error.code, "NOT_FOUND");
  for (const [method, path, allow] of [
    ["DELETE", "/v1/metrics", "GET, HEAD"],
    ["GET", "/v1/events", "POST, OPTIONS"],
    ["DELETE", "/v1/batch", "POST, OPTIONS"],
    ["GET", "/v1/sql", "POST"],
  ]) {
    const answer = await ask(running, path!, { method: method! });
    assert.equal(answer.status, 405, path);
    assert.equal(answer.json.error.code, "METHOD_NOT_ALLOWED");
    assert.equal(answer.headers.get("allow"), allow, path);
  }
  assert.equal((await ask(running, "/v1/metrics/none")).json.error.code, "METRIC_UNKNOWN");
  const bad = await ask(running, "/v1/metrics/page-view-counts?limit=many");
  assert.equal(bad.json.error.code, "PARAMETER_INVALID");
  assert.equal(bad.json.error.field, "limit");
});

test("no web page reaches the data: neither by a name of its own nor from another site", async () => {
  for (const headers of [
    { host: "evil.example" },
    { host: "127.0.0.1.evil.example:80" },
    { "sec-fetch-site": "cross-site" },
    { origin: "https://evil.example" },
  ]) {
    const answer = await raw(running, "GET", "/v1/metrics", headers);
    assert.equal(answer.status, 401, JSON.stringify(headers));
    assert.equal(JSON.parse(answer.body).error.code, "UNAUTHENTICATED");
  }
  assert.equal((await raw(running, "GET", "/v1/metrics", { host: "localhost:1" })).status, 200);
});

test("with a key it must be the admin key", async () => {
  const withKey = (key: string) =>
    ask(running, "/v1/ledger", { headers: { authorization: `Bearer ${key}` } });
  assert.equal((await withKey(running.adminKey)).status, 200);
  assert.equal((await withKey("dev")).json.error.code, "FORBIDDEN");
  const basic = `Basic ${Buffer.from(`admin:${running.adminKey}`).toString("base64")}`;
  const answer = await raw(running, "GET", "/v1/ledger", {
    host: "a.example",
    authorization: basic,
  });
  assert.equal(answer.status, 200);
  const none = await ask(running, "/v1/events", { method: "POST", body: "{}" });
  assert.equal(none.json.error.code, "UNAUTHENTICATED");
});

test("a host that others reach refuses the development key", async () => {
  const data = temporaryFolder("open-host");
  await assert.rejects(
    startRunning({ data, env: { MILLRACE_HOST: "0.0.0.0" } }),
    /CONFIG_INVALID.*the write key .*dev.* is for this machine only.*set a key of your own/,
  );
  removeFolder(data);
});

interface Parameter {
  readonly name: string;
  readonly in: string;
}

interface Operation {
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the exposition format strictly: a line that doesn't fit is an error. */
async function figures(): Promise<readonly Sample[]> {
  const { text, headers } = await ask(running, "/metrics");
  assert.match(headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const seen = new Set<string>();
  return text.split("\n").flatMap((line) => {
    if (line === "" || line.startsWith("# HELP ")) return [];
    if (line.startsWith("# TYPE ")) {
      const [, , name = "", type = ""] = line.split(" ");
      assert.ok(!seen.has(name), `${name} twice`);
      seen.add(name);
      assert.match(type, /^(counter|gauge|histogram)$/);
      return [];
    }
    const match = /^([a-z_\d]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? ([^ ]+)$/.exec(line);
    assert.ok(match, line);
    const labels = [...(match[2] ?? "").matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)];
    return [
      {
        name: match[1]!,
        labels: Object.fromEntries(labels.map(([, key, value]) => [key, value])),
        value: match[3] === "+Inf" ? Infinity : Number(match[3]),
      },
    ];
  });
}

function figure(all: readonly Sample[], name: string, labels: Record<string, string>): number {
  const found = all.find(
    (each) =>
      each.name === name &&
      Object.entries(labels).every(([key, value]) => each.labels[key] === value),
  );
  return found?.value ?? Number.NaN;
}

/** A request whose headers `fetch` wouldn't send. */
function raw(
  { url }: Running,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url + path, { method, headers }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (part: string) => (body += part));
      answer.on("end", () => resolve({ status: answer.statusCode!, body }));
    });
    outgoing.on("error", reject).end();
  });
}
