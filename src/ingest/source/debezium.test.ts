import assert from "node:assert/strict";
import { test } from "node:test";
import { event, pipeline, postgres, t, table } from "../../index.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import { DebeziumReader } from "./debezium.ts";

const visits = event(
  "visits",
  { id: t.id(), at: t.timestamp(), who: t.string() },
  { id: "id", time: "at", key: "who" },
);
const users = table(
  "dim_users",
  {
    user_id: t.string(),
    credit: t.decimal(38, 4).optional(),
    visits: t.integer().optional(),
    since: t.timestamp().optional(),
  },
  {
    key: "user_id",
    from: postgres({ table: "public.users", columns: { user_id: "id", since: "created_at" } }),
  },
);
const { plan } = pipeline({ events: [visits], tables: [users] });
const topic = topicsOf(plan).find(({ name }) => name === "dim_users")!;
const reader = new DebeziumReader(topic, plan.tables[0]!.from!);

const AT = Date.parse("2026-03-01T12:00:00.123Z");
const record = (
  op: string,
  rows: { readonly before?: string; readonly after?: string },
  lsn = 42,
): Buffer =>
  Buffer.from(
    `{"before":${rows.before ?? "null"},"after":${rows.after ?? "null"},"source":{"ts_ms":${AT},"lsn":${lsn}},"op":"${op}"}`,
  );
const told = (value: Buffer): readonly (readonly [string, unknown])[] =>
  reader
    .changes(value)
    .map((each) =>
      each.kind === "problem"
        ? [each.problem.code, each.problem.message]
        : [each.kind, each.json.toString()],
    );

const HEAD = (id: string): string => `{"event_id":"${id}","timestamp":"2026-03-01T12:00:00.123Z"`;

test("a row goes over value by value, its text untouched", () => {
  const after = `{"id":9223372036854775807,"credit":"12345678901234567890.1234","visits":9007199254740993,"created_at":"2026-03-01T11:00:00.000001Z","more":1}`;
  const json = `${HEAD("42c")},"user_id":"9223372036854775807","credit":"12345678901234567890.1234","visits":9007199254740993,"since":"2026-03-01T11:00:00.000001Z"}`;
  assert.deepEqual(told(record("c", { after })), [["row", json]]);
  assert.deepEqual(told(record("r", { after }, 7)), [["row", json.replace("42c", "7r")]]);
});

test("a deletion has the key, and nothing else of the row", () => {
  const before = `{"id":"ann","credit":null,"visits":null,"created_at":null}`;
  assert.deepEqual(told(record("d", { before })), [
    ["deletion", `${HEAD("42d-")},"user_id":"ann"}`],
  ]);
});

test("a row whose key changed is deleted under the old one", () => {
  const row = (id: string): string =>
    `{"id":"${id}","credit":null,"visits":null,"created_at":null}`;
  const changed = told(record("u", { before: row("ann"), after: row("eve") }));
  assert.deepEqual(
    changed.map(([kind]) => kind),
    ["deletion", "row"],
  );
  assert.match(String(changed[0]![1]), /"ann"/);
  const same = told(record("u", { before: row("ann"), after: row("ann") }));
  assert.deepEqual(
    same.map(([kind]) => kind),
    ["row"],
  );
});

test("what can't be told is a problem that says what to do", () => {
  const dropped = told(record("u", { after: `{"id":"ann","credit":null,"visits":null}` }));
  assert.deepEqual(dropped, [["FIELD_MISSING", "public.users has no column created_at any more"]]);
  const unavailable = `{"id":"ann","credit":"__debezium_unavailable_value","visits":1,"created_at":null}`;
  assert.match(String(told(record("u", { after: unavailable }))[0]![1]), /doesn't tell credit/);
  assert.match(
    String(told(record("d", { before: "null" }))[0]![1]),
    /doesn't tell id of a deleted/,
  );
  assert.match(String(told(record("t", {}))[0]![1]), /was truncated/);
  assert.deepEqual(told(Buffer.from("{}"))[0]![0], "FIELD_VALUE");
  assert.deepEqual(told(Buffer.from("not JSON"))[0]![0], "EVENT_NOT_JSON");
});
