import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { Analytics } from "@segment/analytics-node";
import shop from "../../../../examples/shop/pipeline.ts";
import { systemClock } from "../../../core/clock.ts";
import { rowEnd, rowToObject } from "../../../language/compile/javascript/row-to-object.ts";
import { topicsOf } from "../../../language/plan/topic.ts";
import { openEmbeddedLogReader } from "../../../storage/log/embedded/embedded-log-reader.ts";
import { startLogWriter } from "../../../storage/log/embedded/log-writer.ts";
import { createCollector } from "../../collector.ts";
import { serveCollector } from "../../http/serve-collector.ts";
import { writeKeyRecord } from "../../keys/write-keys.ts";

const topics = topicsOf(shop.plan);
const dir = await mkdtemp(`${tmpdir()}/millrace-segment-`);
const writer = await startLogWriter({
  dir,
  topics: topics.map(({ name }) => ({ topic: name, partitions: 2 })),
});
const record = writeKeyRecord("the-write-key", "test");
const collector = createCollector({
  plan: shop.plan,
  topics: topics.map((topic, index) => ({ topic, layoutId: index + 1 })),
  keys: { records: () => [record] },
  writer,
  secret: writer.secret,
  clock: systemClock,
});
const server = createServer((message, response) => {
  void serveCollector(collector, message, response);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await writer.close();
  await rm(dir, { recursive: true });
});

type Row = Record<string, unknown> & { properties?: Record<string, unknown> };

function rowsOf(topic: string): Row[] {
  const reader = openEmbeddedLogReader(dir);
  try {
    const { layout } = topics.find(({ name }) => name === topic)!;
    return [0, 1].flatMap((partition) =>
      reader.read({ topic, partition, from: 0 }).flatMap(({ rows, kind }) => {
        const objects: Row[] = [];
        for (let at = 0; kind === "events" && at < rows.length;) {
          objects.push(rowToObject(layout, rows, at));
          at = rowEnd(layout, rows, at);
        }
        return objects;
      }),
    );
  } finally {
    reader.close();
  }
}

test("the real client at its default settings delivers every event exactly once", async () => {
  const analytics = new Analytics({ writeKey: "the-write-key", host });
  const errors: unknown[] = [];
  analytics.on("error", (error) => errors.push(error));
  analytics.identify({
    userId: "ann",
    traits: { email: "ann@example.org", country: "DE", plan: "pro", address: { state: "BE" } },
  });
  analytics.page({
    userId: "ann",
    name: "Home",
    properties: { url: "https://shop.example/home?x=1", referrer: "https://search.example/" },
  });
  analytics.screen({ anonymousId: "anon-1", name: "Start" });
  analytics.track({
    userId: "ann",
    event: "Song Played",
    properties: { length: 12.5, price: "not a price" },
  });
  analytics.track({ userId: "ann", event: "Signup" });
  analytics.track({
    userId: "ann",
    event: "Product Viewed",
    properties: { product_id: "p1", price: 0.1 + 0.2, currency: "EUR", brand: "B" },
  });
  analytics.track({
    userId: "ann",
    event: "Order Completed",
    properties: {
      order_id: "o1",
      total: 30,
      currency: "EUR",
      coupon: "SPRING",
      products: [
        { product_id: "p1", price: 10, quantity: 2 },
        { product_id: "p2", price: 10, quantity: 1, category: "toys" },
      ],
    },
  });
  analytics.track({
    userId: "ann",
    event: "Order Completed",
    properties: { order_id: "no products" },
  });
  analytics.group({ userId: "ann", groupId: "g1", traits: { name: "Group" } });
  analytics.alias({ userId: "ann", previousId: "anon-1" });
  for (let n = 0; n < 200; n++)
    analytics.track({ anonymousId: `a${n}`, event: "Tick", properties: { n } });
  await analytics.closeAndFlush();
  assert.deepEqual(errors, []);

  const behaviour = rowsOf("user-events");
  const named = (name: string): Row[] => behaviour.filter((row) => row["event_name"] === name);
  assert.equal(named("Tick").length, 200);
  assert.equal(new Set(behaviour.map((row) => row["event_id"])).size, behaviour.length);
  assert.equal(behaviour.length, 200 + 7);
  const [home] = named("Home");
  assert.equal(home!["event_type"], "page_view");
  assert.equal(home!["page_path"], "/home");
  assert.equal(named("Start")[0]!["event_type"], "page_view");
  assert.equal(named("Signup")[0]!["event_type"], "signup");
  assert.deepEqual((named("Song Played")[0]!["_undeclared"] as Row)["unmapped"], {
    "properties.price": "not a price",
  });
  assert.deepEqual(named("Order Completed")[0]!["event_type"], "custom");
  assert.equal((home!["context"] as Row)["platform"], "server");

  const orders = rowsOf("shop-events");
  assert.deepEqual(
    orders
      .map((row) => [
        row["event_type"],
        row.properties!["product_id"],
        row.properties!["price"],
        row.properties!["quantity"],
      ])
      .toSorted(),
    [
      ["product_view", "p1", "0.3000", 1],
      ["purchase", "p1", "10.0000", 2],
      ["purchase", "p2", "10.0000", 1],
    ],
  );
  const purchases = orders.filter((row) => row["event_type"] === "purchase");
  assert.deepEqual(purchases.map((row) => String(row["event_id"]).slice(-2)).toSorted(), [
    ":0",
    ":1",
  ]);
  assert.equal(purchases[0]!.properties!["discount_code"], "SPRING");
  assert.equal(rowsOf("paid-orders").length, 2);

  const [user] = rowsOf("dim_users");
  assert.equal(user!["email"], "ann@example.org");
  assert.equal(user!["region"], "BE");
  assert.equal((await writer.stats()) !== undefined, true);
  const reader = openEmbeddedLogReader(dir);
  assert.deepEqual(reader.quarantined({}), []);
  const ledger = reader.ledger({ from: 0, to: Number.MAX_SAFE_INTEGER });
  const sum = (status: string): number =>
    ledger.filter((row) => row.status === status).reduce((total, { n }) => total + n, 0);
  assert.equal(sum("in"), sum("accepted") + sum("duplicate") + sum("quarantined") + sum("refused"));
  reader.close();
});
