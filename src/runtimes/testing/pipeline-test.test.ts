import assert from "node:assert/strict";
import { test } from "node:test";
import {
  count,
  event,
  metric,
  path,
  pipeline,
  rule,
  session,
  stream,
  sum,
  t,
  table,
  tumbling,
} from "../../index.ts";
import { MillraceError } from "../../core/errors.ts";
import { runPipelineTest } from "./pipeline-test.ts";

const people = table("people", { user_id: t.string(), country: t.string() }, { key: "user_id" });
const clicks = event(
  "clicks",
  {
    event_id: t.id(),
    user_id: t.string().clean("trim"),
    url: t.string(),
    price: t.decimal(10, 2).optional(),
    timestamp: t.timestamp(),
  },
  { id: "event_id", time: "timestamp", key: "user_id", derive: (e) => ({ page: path(e.url) }) },
);
const { user_id, page, price } = clicks.fields;
const known = stream("known", {
  from: clicks,
  join: { table: people, on: user_id, type: "inner" },
  select: { country: people.fields.country },
});
const definition = pipeline({
  events: [clicks],
  tables: [people],
  streams: [known],
  metrics: [
    metric("pages", {
      from: clicks,
      by: { page },
      window: tumbling("5m"),
      measures: { clicks: count(), revenue: sum(price) },
    }),
    metric("visits", {
      from: clicks,
      by: { user_id },
      window: session("30m"),
      measures: { clicks: count() },
    }),
  ],
  rules: [
    rule("not-negative", { on: clicks, expect: price.gte(0), severity: "quarantine" }),
    rule("not-free", { on: clicks, expect: price.gt(0), severity: "warn" }),
  ],
});

const click = (id: string, time: string, more: object = {}, head: object = {}): string =>
  JSON.stringify({
    ...head,
    event_id: id,
    user_id: "ann",
    url: "https://example.com/a?b",
    timestamp: `2026-01-31T${time}Z`,
    ...more,
  });

const run = async (given: readonly string[], expect: readonly string[]): Promise<string> =>
  (await runPipelineTest(definition, { given: given.join("\n"), expect: expect.join("\n") }))
    .report;

test("metric rows are compared by the columns that are given, as values", async () => {
  const given = [
    click("1", "10:00:00", { price: "1.10" }),
    click("2", "10:04:59.999", { price: 2.2 }),
    click("3", "10:05:00"),
  ];
  const expect = [
    "// numbers and amounts alike",
    '{"metric":"pages","window_start":"2026-01-31T10:00:00Z","page":"/a","clicks":2,"revenue":3.3}',
    '{"metric":"pages","window_start":"2026-01-31T11:05:00+01:00","clicks":1,"revenue":null}',
    '{"metric":"visits","user_id":"ann","clicks":3,"window_end":"2026-01-31T10:05:00.000Z"}',
  ];
  assert.equal(await run(given, expect), "");
});

test("a difference names the row, and each column with what was expected and what came", async () => {
  const expect = ['{"metric":"pages","page":"/a","clicks":2,"revenue":"1.00"}'];
  assert.equal(
    await run([click("1", "10:00:00", { price: "1.00" })], expect),
    `~ metric pages  window_start="2026-01-31T10:00:00.000Z"  page="/a"  (line 1)
    - clicks  2
    + clicks  1`,
  );
});

test("rows of what is mentioned must all be mentioned", async () => {
  const given = [click("1", "10:00:00"), click("2", "10:07:00")];
  const first = '{"metric":"pages","window_start":"2026-01-31T10:00:00Z"}';
  assert.match(await run(given, [first]), /^\+ metric pages .*10:05:00.*\n {4}not expected$/);
  assert.match(await run(given, ['{"metric":"pages","rows":0}']), /(not expected[^]*){2}/);
  assert.match(
    await run([], [first]),
    /^- metric pages {2}window_start=.*\n {4}expected by line 1, but there is no such row$/,
  );
  assert.equal(await run([], ['{"metric":"pages","rows":0}']), "");
});

test("what isn't accepted must be mentioned, what is accepted may be", async () => {
  const given = [
    click("1", "10:00:00"),
    click("1", "10:00:00"),
    click("2", "10:01:00", { price: "-1.00" }),
    click("3", "10:02:00", { url: 7 }),
    "{this isn't JSON",
  ];
  const expect = [
    '{"event":"1","status":"duplicate"}',
    '{"event":"2","status":"quarantined","reason":"RULE_BROKEN","rule":"not-negative"}',
    '{"event":"3","status":"quarantined","reason":"FIELD_TYPE","field":"url"}',
    '{"line":5,"status":"refused","reason":"BODY_NOT_JSON"}',
  ];
  assert.equal(await run(given, expect), "");
  assert.equal(await run(given, [...expect, '{"event":"1","status":"accepted"}']), "");
  assert.equal((await run(given, [])).match(/not expected/g)?.length, 4);
});

test("documents come in a second after their time, or when they say; late ones are told apart", async () => {
  const late = click("2", "10:01:00", {}, { "@received_at": "2026-01-31T10:06:00.001Z" });
  const inTime = click("3", "10:01:00.001", {}, { "@received_at": "2026-01-31T10:06:00.001Z" });
  const expect = (clicks: number, pending: number | null): string =>
    JSON.stringify({ metric: "pages", clicks, late_pending: pending });
  assert.equal(await run([click("1", "10:00:00"), late], [expect(1, 1)]), "");
  assert.equal(await run([click("1", "10:00:00"), inTime], [expect(2, null)]), "");
});

test("an id counts again when its horizon has passed", async () => {
  const again = (receivedAt: string) =>
    click("1", "10:00:00", {}, { "@received_at": `2026-02-01T${receivedAt}Z` });
  const status = (text: string): string => JSON.stringify({ event: "1", status: text });
  assert.equal(await run([click("1", "10:00:00"), again("10:00:01")], [status("duplicate")]), "");
  assert.equal(await run([click("1", "10:00:00"), again("10:00:01.001")], []), "");
});

test("tables, streams, cleaned and derived columns are there", async () => {
  const given = [
    click("1", "10:00:00"),
    '{"@topic":"people","user_id":"ann","country":"DE","timestamp":"2026-01-31T10:00:01Z"}',
    click("2", "10:00:02", { user_id: " ann " }),
  ];
  const expect = [
    '{"topic":"known","event_id":"2","country":"DE"}',
    '{"topic":"clicks","event_id":"1","page":"/a","user_id":"ann"}',
    '{"topic":"clicks","event_id":"2","user_id":"ann"}',
    '{"rule":"not-free","broken":0}',
  ];
  assert.equal(await run(given, expect), "");
});

test("Segment's messages go to their own path", async () => {
  const message = {
    "@path": "/v1/track",
    type: "track",
    userId: "ann",
    event: "x",
    timestamp: "2026-01-31T10:00:00Z",
  };
  const report = await run([JSON.stringify(message)], []);
  assert.match(report, /quarantined.*FIELD_MISSING.*url/);
});

test("a file that can't be read says where", async () => {
  const refusal = async (given: string, expect: string): Promise<string> => {
    const thrown = await run([given], [expect]).then(assert.fail, (error: unknown) => error);
    assert.ok(thrown instanceof MillraceError && thrown.code === "CONFIG_INVALID");
    return thrown.message;
  };
  assert.match(await refusal('{"@when":"x"}', ""), /^given.jsonl:1: there is no @when/);
  assert.match(await refusal('{"@received_at":"now"}', ""), /"now" isn't a time/);
  assert.match(
    await refusal("", '{"metric":"nope"}'),
    /^expect.jsonl:1: there is no metric "nope"/,
  );
  assert.match(await refusal("", '{"model":"m"}'), /needs the warehouse/);
  assert.match(await refusal("", '{"clicks":1}'), /"clicks" comes first/);
  assert.match(await refusal("", "nonsense"), /isn't a JSON object/);
});
