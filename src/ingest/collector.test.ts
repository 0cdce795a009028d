import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { MillraceError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { NOW, post, testCollector } from "./collector.fixture.ts";

const view = {
  event_id: "e-1",
  user_id: "ann",
  event_type: "page_view",
  timestamp: "2026-03-01T11:59:59.5Z",
  properties: { page_url: "https://shop.example/a/b?c=1", price: 12.5, colour: "red" },
};

test("an event becomes a row with its derived field, and again a duplicate", async () => {
  const { collector, rows, requests } = testCollector();
  const response = await collector.handle(post("/v1/events", view));
  assert.equal(response.status, 200);
  assert.deepEqual(JSON.parse(String(response.body)), {
    accepted: 1,
    duplicate: 0,
    quarantined: 0,
    refused: 0,
    results: [{ event_id: "e-1", status: "accepted" }],
  });
  const [row] = rows("user-events");
  assert.equal(row!["page_path"], "/a/b");
  assert.deepEqual(row!["_undeclared"], { properties: { colour: "red" } });
  assert.equal((row!["properties"] as Record<string, unknown>)["price"], "12.5000");
  assert.deepEqual(requests[0]!.counts, [
    { topic: "user-events", status: "in", source: "http", n: 1 },
  ]);
  const again = await collector.handle(post("/v1/events", gzipSync(JSON.stringify(view))));
  assert.equal(JSON.parse(String(again.body)).results[0].status, "duplicate");
});

/** Sends a body and gives the parsed answer. */
async function answerOf(
  tester: ReturnType<typeof testCollector>,
  body: unknown,
  path = "/v1/events",
  headers: Record<string, string> = {},
): Promise<{
  status: number;
  body: Record<string, never>;
  headers: Readonly<Record<string, string>>;
}> {
  const response = await tester.collector.handle(post(path, body, headers));
  return { ...response, body: JSON.parse(String(response.body)) };
}

const results = (answer: { body: Record<string, never> }): Record<string, string>[] =>
  answer.body["results"]!;

test("each event's fate stands at its place, and the request's memory is given back", async () => {
  const tester = testCollector();
  const line = (id: string): string => JSON.stringify({ ...view, event_id: id });
  await answerOf(tester, `${line("a")}\n${line("b")}`);
  let released = 0;
  const lines = [line("b"), line("c"), "{", line('say "d"'), line("a")].join("\n");
  const response = await tester.collector.handle({
    ...post("/v1/events", lines),
    release: () => released++,
  });
  const body = JSON.parse(String(response.body));
  assert.deepEqual([body.accepted, body.duplicate, body.quarantined], [2, 2, 1]);
  assert.deepEqual(
    body.results.map((each: Record<string, string>) => [each["event_id"], each["status"]]),
    [
      ["b", "duplicate"],
      ["c", "accepted"],
      [null, "quarantined"],
      ['say "d"', "accepted"],
      ["a", "duplicate"],
    ],
  );
  assert.ok(released > 0);
});

test("NDJSON: a broken line is quarantined with its bytes, its neighbours go on", async () => {
  const tester = testCollector();
  const line = (id: string): string => JSON.stringify({ ...view, event_id: id });
  const broken = '{"event_id":"x","unterminated';
  const answer = await answerOf(
    tester,
    [line("a"), broken, line("b"), '{"a":tru}', line("c")].join("\n"),
  );
  assert.deepEqual(
    results(answer).map(({ status }) => status),
    ["accepted", "quarantined", "accepted", "quarantined", "accepted"],
  );
  const kept = tester.requests[0]!.quarantine!.map(({ bytes }) => Buffer.from(bytes).toString());
  assert.deepEqual(kept, [broken, '{"a":tru}']);
  assert.equal(tester.requests[0]!.quarantine![0]!.reason, "EVENT_NOT_JSON");
});

test("every id comes back as it was sent", async () => {
  const ids = ["plain", 'a "quote"', "a\\b", "zoë \u{1f600}", "\u0001\n", "i".repeat(128)];
  const events = [...ids, ...ids].map((event_id) => ({ ...view, event_id }));
  const answer = await answerOf(testCollector(), events);
  assert.deepEqual(
    results(answer).map(({ event_id, status }) => [event_id, status]),
    [...ids.map((id) => [id, "accepted"]), ...ids.map((id) => [id, "duplicate"])],
  );
});

test("an array: its structure must hold, its items may be wrong one by one", async () => {
  const tester = testCollector();
  const answer = await answerOf(tester, [view, { ...view, event_id: 5 }, 7]);
  assert.deepEqual(
    results(answer).map(({ status, reason, field }) => [status, reason, field]),
    [
      ["accepted", undefined, undefined],
      ["quarantined", "NO_EVENT_ACCEPTS", "event_id"],
      ["quarantined", "NO_EVENT_ACCEPTS", undefined],
    ],
  );
  assert.equal((await answerOf(tester, `[${JSON.stringify(view)},]x`)).status, 400);
  assert.equal((await answerOf(tester, "[]")).status, 200);
  assert.equal((await answerOf(tester, "")).status, 400);
});

test("without a topic an event belongs to the first event that accepts it", async () => {
  const tester = testCollector();
  const sale = {
    event_id: "s-1",
    user_id: "ann",
    event_type: "refund",
    timestamp: view.timestamp,
    properties: { product_id: "p", price: "10.5", quantity: 2, currency: "EUR" },
  };
  await answerOf(tester, sale);
  assert.equal(tester.rows("shop-events").length, 1);
  await answerOf(
    tester,
    { ...sale, event_id: "s-2", event_type: "purchase" },
    "/v1/events?topic=shop-events",
  );
  const [paid] = tester.rows("paid-orders");
  assert.equal(paid!["amount"], "21.0000");
  assert.deepEqual(
    tester.requests[1]!.sets.map(({ topic, parent }) => [topic, parent?.set]),
    [
      ["shop-events", undefined],
      ["paid-orders", 0],
    ],
  );
  const unknown = await answerOf(tester, sale, "/v1/events?topic=nothing");
  assert.equal(unknown.status, 404);
});

test("time: corrected by sent_at, drawn back when a little ahead, quarantined when far", async () => {
  const tester = testCollector();
  const send = async (event_id: string, timestamp: string, more = {}): Promise<string> =>
    results(
      await answerOf(
        tester,
        { ...view, event_id, timestamp, ...more },
        "/v1/events?topic=user-events",
      ),
    )[0]!["reason"] ?? "ok";
  assert.equal(await send("1", "2026-03-01T12:00:30Z"), "ok");
  assert.equal(await send("2", "2026-03-01T12:05:00Z"), "ok");
  assert.equal(await send("3", "2026-03-02T12:00:01Z"), "TIME_OUT_OF_RANGE");
  assert.equal(await send("4", "1970-12-31T23:59:59Z"), "TIME_OUT_OF_RANGE");
  assert.equal(await send("5", "2026-03-01T12:00:00"), "TIME_INVALID");
  assert.equal(await send("6", "2020-01-01T00:00:00Z", { sent_at: "2020-01-01T00:00:10Z" }), "ok");
  assert.deepEqual(
    tester
      .rows("user-events")
      .map((row) => [row["event_id"], row["timestamp"], row["_time_original"], row["_flags"]]),
    [
      ["1", "2026-03-01T12:00:30.000Z", undefined, 0],
      ["2", "2026-03-01T12:00:00.000Z", "2026-03-01T12:05:00.000Z", 1],
      ["6", "2026-03-01T11:59:50.000Z", "2020-01-01T00:00:00.000Z", 2],
    ],
  );
});

test("a rule of severity quarantine keeps an event out and names itself; warnings are counted", async () => {
  const tester = testCollector();
  const answer = await answerOf(tester, {
    ...view,
    event_type: "purchase",
    properties: { price: -1 },
  });
  const [result] = results(answer);
  assert.deepEqual(
    [result!["status"], result!["reason"], result!["rule"]],
    ["quarantined", "RULE_BROKEN", "positive-price"],
  );
  assert.equal(tester.requests[0]!.quarantine![0]!.rule, "positive-price");
  assert.equal(tester.requests[0]!.sets.length, 0);
  assert.equal(tester.collector.stats().rules["positive-price"], 1);
});

test("rows of a table: an id and a time are made where there is none", async () => {
  const tester = testCollector();
  const answer = await answerOf(tester, { user_id: "ann", country: "DE" }, "/v1/tables/dim_users");
  assert.equal(results(answer)[0]!["status"], "accepted");
  const [row] = tester.rows("dim_users");
  assert.equal(row!["timestamp"], new Date(NOW).toISOString());
  assert.equal((await answerOf(tester, {}, "/v1/tables/user-events")).status, 404);
});

test("a key is needed, wherever the client puts it", async () => {
  const { collector } = testCollector();
  const status = async (
    path: string,
    headers: Record<string, string>,
    body: unknown = view,
  ): Promise<number> =>
    (await collector.handle(post(path, body, { authorization: "", ...headers }))).status;
  assert.equal(await status("/v1/events", {}), 401);
  assert.equal(await status("/v1/events", { authorization: "Bearer wrong" }), 401);
  assert.equal(await status("/v1/events", { "x-write-key": "secret-key" }), 200);
  assert.equal(await status("/v1/events?write_key=secret-key", {}), 200);
  const basic = `Basic ${Buffer.from("secret-key:").toString("base64")}`;
  assert.equal(await status("/v1/events", { authorization: basic }), 200);
  assert.equal(await status("/v1/batch", {}, { batch: [], writeKey: "secret-key" }), 200);
  assert.equal(await status("/v1/batch", {}, { batch: [], writeKey: "other" }), 401);
});

test("what a retry can help is answered so, and nothing of it counts", async () => {
  const tester = testCollector();
  for (const [code, status] of [
    ["RATE_LIMITED", 429],
    ["STORAGE_FULL", 503],
    ["STORAGE_FAILED", 500],
  ] as const) {
    tester.fail(new MillraceError(code, "full"));
    for (const path of ["/v1/events", "/v1/track"]) {
      const answer = await answerOf(
        tester,
        path === "/v1/track" ? { type: "track", event: "x", userId: "u" } : view,
        path,
      );
      assert.equal(answer.status, status);
      if (status !== 500) assert.equal(answer.headers["retry-after"], "1");
    }
  }
  tester.fail(undefined);
  assert.equal((await answerOf(tester, view)).status, 200);
});

test("every limit of an event and a batch is kept to", async () => {
  const tester = testCollector();
  const path = "/v1/events?topic=user-events";
  const reason = async (event: string): Promise<string | undefined> =>
    results(await answerOf(tester, event, path))[0]!["reason"];
  const withExtra = (id: string, extra: string): string =>
    `${JSON.stringify({ ...view, event_id: id }).slice(0, -1)},"extra":${extra}}`;
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  assert.equal(await reason(withExtra("1", nested(LIMITS.eventDepthMax - 1))), undefined);
  assert.equal(await reason(withExtra("2", nested(LIMITS.eventDepthMax))), "EVENT_TOO_DEEP");
  const keys = (n: number): string =>
    JSON.stringify(Object.fromEntries(Array.from({ length: n }, (_, k) => [`k${k}`, k])));
  assert.equal(await reason(withExtra("3", keys(LIMITS.eventKeysMax - 20))), undefined);
  assert.equal(await reason(withExtra("4", keys(LIMITS.eventKeysMax))), "EVENT_TOO_MANY_KEYS");
  assert.equal(
    await reason(withExtra("5", `"${"x".repeat(LIMITS.eventBytesMax)}"`)),
    "EVENT_TOO_LARGE",
  );
  const many = Array.from({ length: LIMITS.batchEventsMax + 1 }, () => "{}").join("\n");
  assert.equal((await answerOf(tester, many, path)).status, 413);
  const bomb = gzipSync(Buffer.alloc(LIMITS.decompressedBytesMax + 1, " "));
  assert.equal((await answerOf(tester, bomb, path)).status, 413);
});

test("CORS on collect paths: the origin is echoed, preflights are answered", async () => {
  const { collector } = testCollector();
  const request = {
    ...post("/v1/track", ""),
    method: "OPTIONS",
    headers: { origin: "https://shop.example" },
  };
  assert.equal(collector.handles("OPTIONS", "/v1/track"), true);
  assert.equal(collector.handles("OPTIONS", "/v1/sql"), false);
  const response = await collector.handle(request);
  assert.equal(response.headers["access-control-allow-origin"], "https://shop.example");
  assert.equal(response.headers["access-control-allow-credentials"], "true");
  assert.match(response.headers["access-control-allow-headers"]!, /x-write-key/);
});

test("pixels are always answered with a picture, and settings let clients start", async () => {
  const tester = testCollector();
  const data = Buffer.from(
    JSON.stringify({ event: "Seen", userId: "u", writeKey: "secret-key" }),
  ).toString("base64");
  const get = (
    path: string,
  ): Promise<{
    status: number;
    body: string | Buffer;
    headers: Readonly<Record<string, string>>;
  }> =>
    tester.collector.handle({
      ...post(path, ""),
      method: "GET",
      headers: { host: "localhost:8080" },
    });
  for (const query of [data, "%%%", ""]) {
    const response = await get(`/v1/pixel/track?data=${encodeURIComponent(query)}`);
    assert.deepEqual([response.status, response.headers["content-type"]], [200, "image/gif"]);
  }
  assert.equal(tester.rows("user-events")[0]!["event_name"], "Seen");
  const settings = JSON.parse(String((await get("/v1/projects/abc/settings")).body));
  assert.equal(settings.integrations["Segment.io"].apiKey, "abc");
});

test("the steps are timed by name", async () => {
  const tester = testCollector();
  await answerOf(tester, view);
  assert.deepEqual(Object.keys(tester.collector.stats().steps), [
    "decode",
    "authenticate",
    "validate",
    "derive",
    "append",
  ]);
});
