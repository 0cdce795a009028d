import assert from "node:assert/strict";
import { test } from "node:test";
import {
  concat,
  dayOfWeek,
  event,
  geohash,
  host,
  hourOfDay,
  lower,
  path,
  pipeline,
  queryParameter,
  rule,
  sha256,
  stream,
  t,
  table,
  upper,
} from "../../index.ts";
import { rowToObject } from "../../language/compile/javascript/row-to-object.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import type { AppendRequest } from "../../storage/log/append-request.ts";
import { deriveBatch } from "../derive-batch.ts";
import { DoorBatch } from "../door-batch.ts";
import { doorProgram } from "../door-program.ts";
import { validateBody } from "../validate-body.ts";
import type { Lookups } from "./lookups.ts";

const users = table("users", { user: t.string(), country: t.string().optional() }, { key: "user" });
const visit = event(
  "visit",
  {
    id: t.id(),
    at: t.timestamp(),
    user: t.string().clean("trim", "lowercase"),
    url: t.string().optional(),
    amount: t.decimal(18, 2).clean("coerce").default("0"),
    latitude: t.float().optional(),
    longitude: t.float().optional(),
  },
  {
    id: "id",
    time: "at",
    key: "user",
    derive: (e) => ({
      page: path(e.url),
      site: host(e.url),
      ref: queryParameter(e.url, "ref"),
      loud: upper(lower(e.user)),
      label: concat(e.user, "@", host(e.url)),
      hash: sha256(e.user),
      hour: hourOfDay(e.at),
      weekday: dayOfWeek(e.at),
      cell: geohash(e.latitude, e.longitude, 7),
    }),
  },
);
const known = rule("known", {
  on: visit,
  expect: visit.fields.user.existsIn(users),
  severity: "warn",
});
/** The table by other keys: each has an answer of its own. */
const others = [visit.fields.loud, visit.fields.site.or(visit.fields.user)].map((key, index) =>
  rule(`other-${index}`, { on: visit, expect: key.existsIn(users), severity: "warn" }),
);
const local = stream("local", {
  from: visit,
  join: { table: users, on: visit.fields.user },
  select: { country: users.fields.country, page: visit.fields.page },
});
const { plan } = pipeline({
  events: [visit],
  tables: [users],
  rules: [known, ...others],
  streams: [local],
});
const topics = topicsOf(plan).map((topic, index) => ({ topic, layoutId: index + 1 }));
const lookups: Lookups = {
  has: (_, bytes, start, end) => {
    const key = Buffer.from(bytes.subarray(start, end)).toString();
    return key === "loading" ? undefined : key === "ann";
  },
  row: (_, key) => (key === "ann" ? new Map([["country", "DE"]]) : undefined),
};

async function door(
  events: readonly object[],
): Promise<{ batch: DoorBatch; request: AppendRequest }> {
  const program = doorProgram({
    plan,
    topics,
    secret: new Uint8Array(8),
    lookups,
    makeId: () => "made",
  });
  const nowMs = Date.parse("2026-03-01T12:00:00Z");
  const batch = new DoorBatch({ nowMs, sentAt: Number.NaN, flags: 0 }, "test");
  const body = Buffer.from(events.map((each) => JSON.stringify(each)).join("\n"));
  assert.equal(await validateBody(batch, body, program.events), undefined);
  await deriveBatch(batch, () => body);
  return { batch, request: batch.request() };
}

function objects({ sets }: AppendRequest, topic: string): Record<string, unknown>[] {
  const { layout } = topics.find((each) => each.topic.name === topic)!.topic;
  const set = sets.find((each) => each.topic === topic);
  return [...(set?.rowStarts ?? [])].map((start) => rowToObject(layout, set!.rows, start));
}

const at = "2026-02-28T23:15:00Z";

test("every derived function, beside what can't be derived", async () => {
  const url = "https://ann@Shop.Example:8443/a%20b/c?x=1&ref=a%2Bb+c#top";
  const { request } = await door([
    { id: "1", at, user: "ann", url, latitude: 52.5163, longitude: 13.3777, amount: 1 },
    { id: "2", at, user: "ann", url: "not a url", amount: 1 },
  ]);
  const [full, bare] = objects(request, "visit");
  assert.deepEqual(
    ["page", "site", "ref", "loud", "label", "hour", "weekday", "cell"].map((name) => full![name]),
    ["/a%20b/c", "shop.example", "a+b c", "ANN", "ann@shop.example", 23, 6, "u33db2m"],
  );
  assert.match(String(full!["hash"]), /^[0-9a-f]{64}$/);
  for (const name of ["page", "site", "ref", "label", "cell"]) assert.equal(bare![name], undefined);
});

test("cleaning is counted, flagged, and the original kept", async () => {
  const { request } = await door([
    { id: "1", at, user: " Ann ", amount: "12.50" },
    { id: "2", at, user: "ann" },
  ]);
  const [cleaned, filled] = objects(request, "visit");
  assert.equal(cleaned!["user"], "ann");
  assert.equal(cleaned!["_flags"], 8);
  assert.deepEqual(JSON.parse(String(cleaned!["_original"])), { user: " Ann " });
  assert.equal(filled!["amount"], "0.00");
  assert.deepEqual(JSON.parse(String(filled!["_original"])), { amount: null });
});

test("lookups are stamped once: known, unknown, and not loaded yet", async () => {
  const { request, batch } = await door(
    ["ann", "bob", "loading"].map((user, index) => ({ id: String(index), at, user, amount: 1 })),
  );
  const columns = topics[0]!.topic.layout.columns.filter(({ role }) => role === "lookup");
  const names = columns.map(({ name }) => name);
  assert.deepEqual(names, ["_in_users_by_user", "_in_users_by_loud", "_in_users_by_site_or_user"]);
  assert.deepEqual(
    objects(request, "visit").map((row) => names.map((name) => row[name])),
    [
      [true, false, true],
      [false, false, false],
      [undefined, false, undefined],
    ],
  );
  const counts = ["known", "other-0", "other-1"].map((name) => batch.ruleCounts.get(name));
  assert.deepEqual(counts, [1, 3, 1]);
  const [joined, ...others] = objects(request, "local");
  assert.deepEqual([joined!["country"], joined!["user"], others.length], ["DE", "ann", 0]);
  const set = request.sets.find(({ topic }) => topic === "local")!;
  assert.deepEqual([set.parent!.set, [...set.parent!.rows]], [0, [0]]);
});

test("the key decides the partition, the identity is of topic, key and id", async () => {
  const events = [
    { id: "1", at, user: "ann", amount: 1 },
    { id: "1", at, user: "bob", amount: 1 },
    { id: "1", at, user: "ann", amount: 2 },
  ];
  const { request } = await door(events);
  const [{ partitionHash, hashes }] = request.sets as [AppendRequest["sets"][0]];
  const hash = (row: number): string => hashes!.subarray(row * 3, row * 3 + 3).join();
  assert.equal(partitionHash[0], partitionHash[2]);
  assert.notEqual(partitionHash[0], partitionHash[1]);
  assert.equal(hash(0), hash(2));
  assert.notEqual(hash(0), hash(1));
});
