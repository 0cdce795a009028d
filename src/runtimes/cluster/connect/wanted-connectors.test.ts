import assert from "node:assert/strict";
import { test } from "node:test";
import { event, pipeline, postgres, t, table } from "../../../index.ts";
import { sourcesProblem } from "../cluster-sources.ts";
import { failureOf } from "./connect-client.ts";
import { sourceTopics, wantedConnectors } from "./wanted-connectors.ts";

const visits = event(
  "visits",
  { id: t.id(), at: t.timestamp(), who: t.string() },
  { id: "id", time: "at", key: "who" },
);
const fields = { user_id: t.string(), country: t.string().optional() };
const tableOf = (name: string, database?: string) =>
  table(name, fields, {
    key: "user_id",
    from: postgres({
      table: "public.users",
      columns: { user_id: "id" },
      ...(database !== undefined && { database }),
    }),
  });
const { plan } = pipeline({
  events: [visits],
  tables: [tableOf("dim_users"), tableOf("dim-users", "crm")],
});
const config = {
  kafka: { bootstrap: ["k:9092"] },
  registry: { url: "http://r" },
  prefix: "shop",
  partitions: 3,
  postgres: { url: "postgres://me%40home:p%2Fw@db:6543/shop?sslmode=require" },
  databases: { crm: { url: "postgres://me@crm/crm", password: "${file:/run/crm:password}" } },
  sources: [
    { kind: "file", path: "/var/log/a.ndjson" },
    { kind: "mqtt", filter: "a/+" },
  ],
} as const;

test("a table has a connector, a slot and a publication of its own", () => {
  const connectors = wantedConnectors(plan, config);
  const [first, second] = connectors.map((each) => each.config);
  assert.deepEqual(
    connectors.map(({ name }) => name.replace(/[0-9a-f]{16}$/, "…")),
    [
      "shop.millrace.source.dim_users",
      "shop.millrace.source.dim-users",
      "shop.millrace.source.file.…",
    ],
  );
  assert.deepEqual(
    ["hostname", "port", "user", "password", "dbname", "sslmode"].map((each) => [
      first![`database.${each}`],
      second![`database.${each}`],
    ]),
    [
      ["db", "crm"],
      ["6543", "5432"],
      ["me@home", "me"],
      ["p/w", "${file:/run/crm:password}"],
      ["shop", "crm"],
      ["require", undefined],
    ],
  );
  assert.equal(first!["column.include.list"], "public\\.users\\.id,public\\.users\\.country");
  assert.equal(first!["message.key.columns"], "public\\.users:id");
  const slots = [first, second].map((each) => each!["slot.name"]!);
  assert.notEqual(slots[0], slots[1]);
  for (const slot of slots) assert.match(slot, /^[a-z0-9_]{1,63}$/);
});

test("every topic that a source writes to is made for it", () => {
  const names = sourceTopics(plan, config).map(({ name, partitions }) => [
    name.replace(/[0-9a-f]{16}$/, "…"),
    partitions,
  ]);
  assert.deepEqual(names, [
    ["shop.millrace.source.dim_users.public.users", 3],
    ["shop.millrace.source.heartbeat.shop.millrace.source.dim_users", 1],
    ["shop.millrace.source.dim-users.public.users", 3],
    ["shop.millrace.source.heartbeat.shop.millrace.source.dim-users", 1],
    ["shop.millrace.source.file.…", 1],
    ["shop.millrace.source.mqtt", 16],
  ]);
});

test("a database that the file doesn't name is a mistake of the file", () => {
  const { databases: _, ...without } = config;
  assert.throws(() => wantedConnectors(plan, without), {
    code: "CONFIG_INVALID",
    field: "databases.crm",
  });
});

test("the file's sources are checked one by one", () => {
  assert.equal(sourcesProblem(undefined), undefined);
  assert.equal(sourcesProblem(config.sources), undefined);
  assert.equal(sourcesProblem({})?.field, "sources");
  for (const wrong of [{ kind: "ftp" }, { kind: "file" }, { kind: "mqtt", filter: "" }, null]) {
    assert.equal(sourcesProblem([...config.sources, wrong])?.field, "sources[2]");
  }
  assert.equal(sourcesProblem([{ kind: "mqtt", filter: "a", topic: 1 }])?.field, "sources[0]");
});

test("what failed is told by the first line of its trace, and by the cause", () => {
  const running = { state: "RUNNING" };
  assert.equal(failureOf({ connector: running, tasks: [running] }), undefined);
  const trace = "a.ConnectException: it ended\n\tat b.C\nCaused by: d.E: no such slot\n\tat f.G\n";
  assert.equal(
    failureOf({ connector: running, tasks: [running, { state: "FAILED", trace }] }),
    "a.ConnectException: it ended; Caused by: d.E: no such slot",
  );
});
