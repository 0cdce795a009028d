import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import shop from "../../../../examples/shop/pipeline.ts";
import { topicsOf } from "../../../language/plan/topic.ts";
import { NO_LOOKUPS } from "../../derive/lookups.ts";
import { doorProgram } from "../../door-program.ts";
import type { JsonObject } from "../../scan/json-node.ts";
import { parseJson } from "../../scan/parse-json.ts";
import { EVENT_BOUNDS } from "../../scan/topic-scanner.ts";
import { mapMessage } from "./map-message.ts";
import { readMessage } from "./message.ts";
import { targetsOf } from "./targets.ts";

const page = readFileSync(new URL("../../../../docs/specs/protocols.md", import.meta.url), "utf8");
const targets = targetsOf(
  doorProgram({
    plan: shop.plan,
    topics: topicsOf(shop.plan).map((topic, index) => ({ topic, layoutId: index + 1 })),
    secret: new Uint8Array(8),
    lookups: NO_LOOKUPS,
    makeId: () => "made",
  }),
);

type Json = Record<string, unknown>;

/** A line of a table of the page: the members that are tried in turn, and the field. */
interface Mapping {
  readonly from: readonly string[];
  readonly to: string;
}

function mappingsOf(topic: string): readonly Mapping[] {
  const text = page.split(`<!-- fields of ${topic} -->\n`)[1]!.split("\n\n")[0]!;
  const lines = [...text.matchAll(/^\| (`.+`) \| `([\w.]+)` \|$/gm)];
  assert.equal(lines.length, text.split("\n").length - 2, "every line is a mapping");
  return lines.map(([, from = "", to = ""]) => ({
    from: [...from.matchAll(/`([\w.]+)`/g)].map(([, path]) => path!),
    to,
  }));
}

function put(into: Json, path: string, value: unknown): void {
  const [step = "", ...rest] = path.split(".");
  if (rest.length === 0) into[step] = value;
  else put((into[step] ??= {}) as Json, rest.join("."), value);
}

const read = (from: unknown, path: string): unknown =>
  path.split(".").reduce((at, step) => (at as Json | undefined)?.[step], from);

/** What a message becomes: the topic and the event. */
function map(message: Json): { topic: string; event: Json } {
  const bytes = Buffer.from(JSON.stringify(message));
  const node = parseJson(bytes, 0, bytes.length, EVENT_BOUNDS) as JsonObject;
  const [first, ...rest] = mapMessage(readMessage(node, bytes, undefined, 0)!, targets);
  assert.equal(rest.length, 0);
  return { topic: first!.input.name, event: JSON.parse(first!.json.toString()) as Json };
}

const KINDS: Readonly<Record<string, Json>> = {
  "user-events": { type: "track", event: "Purchase", userId: "ann" },
  "shop-events": { type: "track", event: "Order Completed", userId: "ann" },
  dim_users: { type: "identify", userId: "ann" },
};

for (const [topic, kind] of Object.entries(KINDS)) {
  test(`Segment's members go to the fields of ${topic} that the specification names`, () => {
    const mappings = mappingsOf(topic);
    assert.ok(mappings.length > 3);
    for (const { from, to } of mappings) {
      for (const [at, path] of from.entries()) {
        const message = structuredClone(kind);
        for (const other of mappings) if (other.to !== to) put(message, other.from[0]!, "5");
        for (const later of from.slice(at)) put(message, later, later === path ? "7" : "8");
        const mapped = map(message);
        assert.equal(mapped.topic, topic, path);
        assert.equal(Number(read(mapped.event, to)), 7, `${path} to ${to}`);
      }
    }
  });
}

test("Segment's messages become the events that the specification names", () => {
  const product = { product_id: "p", price: 1, currency: "EUR" };
  const cases: readonly [Json, topic: string, type: string | undefined, name?: string][] = [
    [
      { type: "track", event: "Product Viewed", properties: product },
      "shop-events",
      "product_view",
    ],
    [{ type: "track", event: "productAdded", properties: product }, "shop-events", "add_to_cart"],
    [{ type: "track", event: "Product Viewed" }, "user-events", "custom", "Product Viewed"],
    [{ type: "track", event: "Signup" }, "user-events", "signup", "Signup"],
    [{ type: "track", event: "Song Played" }, "user-events", "custom", "Song Played"],
    [{ type: "page", name: "Home" }, "user-events", "page_view", "Home"],
    [{ type: "screen", name: "Start" }, "user-events", "page_view", "Start"],
    [{ type: "group", groupId: "g" }, "user-events", "custom", "group"],
    [{ type: "alias", previousId: "b" }, "user-events", "custom", "alias"],
    [{ type: "identify" }, "dim_users", undefined],
  ];
  for (const [message, topic, type, name] of cases) {
    const mapped = map({ userId: "ann", ...message });
    assert.deepEqual(
      [mapped.topic, mapped.event["event_type"], mapped.event["event_name"]],
      [topic, type, name],
    );
  }
});
