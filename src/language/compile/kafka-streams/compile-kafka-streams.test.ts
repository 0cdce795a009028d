import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  anomaly,
  count,
  event,
  metric,
  pipeline,
  session,
  sliding,
  stream,
  sum,
  t,
  table,
  tumbling,
} from "../../../index.ts";
import { compileKafkaStreams } from "./compile-kafka-streams.ts";

const sales = event(
  "sales",
  {
    event_id: t.id(),
    at: t.timestamp(),
    user: t.string().optional(),
    price: t.decimal(10, 2),
    pieces: t.integer(),
    heat: t.float(),
  },
  { id: "event_id", time: "at", key: "user" },
);
const { user, price, pieces, heat } = sales.fields;
const users = table("users", { user: t.string() }, { key: "user" });
const window = tumbling("1m");
const measures = { n: count() };
const options = { namespace: "millrace", prefix: "shop" };

suite("compileKafkaStreams", () => {
  test("reads the columns that are asked for, the head of each row first", () => {
    const { topics } = compileKafkaStreams(
      pipeline({
        name: "p",
        events: [sales],
        metrics: [metric("paid", { from: sales, window, measures: { paid: sum(price) } })],
      }).plan,
      options,
    );
    assert.deepEqual(
      topics.map(({ topic, columns }) => [topic, columns.map(({ name }) => name)]),
      [["shop.sales", ["received_at", "_flags", "at", "price"]]],
    );
  });

  test("brings both sides of a comparison to one scale", () => {
    const { topics } = compileKafkaStreams(
      pipeline({
        name: "p",
        events: [sales],
        metrics: [metric("many", { from: sales, where: price.gt(pieces), window, measures })],
      }).plan,
      options,
    );
    assert.deepEqual(topics[0]!.metrics[0]!.where, {
      op: "compare",
      how: "gt",
      left: { op: "column", at: 3 },
      right: { op: "rescale", places: 2, of: { op: "column", at: 4 } },
    });
  });

  test("has the gate make streams, also of streams, but none that the door stamps", () => {
    const many = stream("many", { from: sales, where: pieces.gte(2), select: { user, pieces } });
    const more = stream("more", {
      from: many,
      where: many.fields.pieces.gte(3),
      select: { twice: many.fields.pieces.times(2) },
    });
    const known = stream("known", {
      from: sales,
      join: { table: users, on: user, type: "inner" },
      select: { user },
    });
    const { gates } = compileKafkaStreams(
      pipeline({ name: "p", events: [sales], tables: [users], streams: [many, more, known] }).plan,
      options,
    );
    assert.deepEqual(
      gates.map(({ topic, identity, streams }) => [
        topic,
        identity === undefined,
        streams.map((each) => each.topic),
      ]),
      [
        ["shop.sales", false, ["shop.many", "shop.more"]],
        ["shop.users", true, []],
        ["shop.known", false, []],
      ],
    );
    const { where, fields } = gates[0]!.streams[1]!;
    assert.equal(JSON.stringify(where).match(/"gte"/g)?.length, 2, "both conditions");
    assert.equal(fields.find(({ name }) => name === "twice")!.value.op, "multiply");
  });

  test("cuts sliding windows into panes, and says where an anomaly's measure is", () => {
    const even = metric("even", { from: sales, window: sliding("10m", "4m"), measures });
    const visits = metric("visits", { from: sales, window: session("1m"), measures });
    const { topics } = compileKafkaStreams(
      pipeline({
        name: "p",
        events: [sales],
        metrics: [even, visits],
        alerts: [anomaly("odd", { on: even.measures.n, history: 4, warmUp: 2 })],
      }).plan,
      options,
    );
    const [first, second] = topics[0]!.metrics;
    assert.deepEqual(first!.window, {
      kind: "panes",
      sizeMs: 600_000,
      everyMs: 240_000,
      paneMs: 120_000,
    });
    assert.deepEqual(second!.window, { kind: "session", gapMs: 60_000 });
    assert.deepEqual(
      first!.anomalies.map(({ alerts, components }) => [alerts, components]),
      [["shop.odd.alerts", [0]]],
    );
  });

  test("refuses groups by a float, which have no canonical text", () => {
    const { plan } = pipeline({
      name: "p",
      events: [sales],
      metrics: [metric("heats", { from: sales, by: { heat }, window, measures })],
    });
    assert.throws(() => compileKafkaStreams(plan, options), {
      code: "UNSUPPORTED_BY_ENGINE",
      field: "metric heats.heat",
    });
  });
});
