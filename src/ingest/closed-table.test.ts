import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "../core/clock.ts";
import { event, pipeline, postgres, t, table } from "../index.ts";
import { topicsOf } from "../language/plan/topic.ts";
import type { AppendRequest } from "../storage/log/append-request.ts";
import { NOW, post } from "./collector.fixture.ts";
import { createCollector } from "./collector.ts";
import { writeKeyRecord } from "./keys/write-keys.ts";

const visits = event(
  "visits",
  { id: t.id(), at: t.timestamp(), user_id: t.string() },
  { id: "id", time: "at", key: "user_id" },
);
const users = table(
  "dim_users",
  { user_id: t.string(), country: t.string().optional() },
  { key: "user_id", from: postgres({ table: "public.users" }) },
);
const { plan } = pipeline({ events: [visits], tables: [users] });

/** A collector of the definition, and what it gave the log. */
function collectorThat(closesSourced: boolean) {
  const requests: AppendRequest[] = [];
  const collector = createCollector({
    plan,
    topics: topicsOf(plan).map((topic, index) => ({ topic, layoutId: index + 1 })),
    keys: { records: () => [writeKeyRecord("secret-key", "test")] },
    writer: {
      append: async (request) => {
        requests.push({ ...request, sets: [] });
        const sets = request.sets.map(({ rowStarts: { length } }) => ({
          status: new Uint8Array(length),
          offsets: new Float64Array(length),
          partitions: new Uint16Array(length),
        }));
        return { receivedAt: NOW, sets };
      },
    },
    secret: new Uint8Array(8),
    closesSourced,
    clock: manualClock(NOW),
  });
  return { collector, requests };
}

const ROW = { user_id: "ann", country: "SI" };
const IDENTIFY = { userId: "ann", traits: { country: "SI" }, messageId: "m-1" };

test("a table that a database has takes no row by the door, and says why", async () => {
  const { collector, requests } = collectorThat(true);
  for (const path of ["/v1/tables/dim_users", "/v1/events?topic=dim_users"]) {
    const { status, body } = await collector.handle(post(path, ROW));
    assert.equal(status, 409);
    const { error } = JSON.parse(String(body)) as { readonly error: Record<string, string> };
    assert.equal(error["code"], "TABLE_HAS_SOURCE");
    assert.equal(error["message"], "the rows of dim_users come from public.users of a database");
  }
  // A client that retries a message for ever would be of no use to anybody.
  const { status } = await collector.handle(post("/v1/identify", IDENTIFY));
  assert.equal(status, 200);
  const refused = { topic: "dim_users", status: "refused", reason: "TABLE_HAS_SOURCE" };
  assert.deepEqual(
    requests.flatMap(({ counts = [] }) => counts).filter((each) => each.status === "refused"),
    [
      { ...refused, source: "segment", n: 1 },
      { ...refused, source: "http", n: 2 },
    ],
  );
});

test("a runtime that can't read the database takes the rows by the door", async () => {
  const { collector } = collectorThat(false);
  for (const path of ["/v1/tables/dim_users", "/v1/events?topic=dim_users"]) {
    const { status, body } = await collector.handle(post(path, ROW));
    assert.equal(status, 200, String(body));
  }
});
