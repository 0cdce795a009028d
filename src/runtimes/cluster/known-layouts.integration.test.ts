import assert from "node:assert/strict";
import { test } from "node:test";
import { topicAvro } from "../../language/compile/avro/topic-avro.ts";
import { event, pipeline, t } from "../../index.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { openEmbeddedRegistry } from "../../storage/registry/embedded/embedded-registry.ts";
import { NAMESPACE } from "./cluster-topics.ts";
import { KnownLayouts } from "./known-layouts.ts";

const topicOf = (more: Parameters<typeof event>[1] = {}) => {
  const clicks = event(
    "clicks",
    { id: t.id(), at: t.timestamp(), ...more },
    { id: "id", time: "at", key: "id" },
  );
  return topicsOf(pipeline({ name: "p", events: [clicks] }).plan)[0]!;
};

test("a schema that was registered after a replica's start can be read", async () => {
  const registry = openEmbeddedRegistry(":memory:");
  const register = async (topic: ReturnType<typeof topicOf>): Promise<number> => {
    const schema = JSON.stringify(topicAvro(topic, NAMESPACE));
    return (await registry.register("clicks-value", { schema, schemaType: "AVRO" })).id;
  };
  const before = topicOf();
  const known = await register(before);
  const layouts = new KnownLayouts(
    [{ topic: before, rawSchemaId: known, cleanSchemaId: known, partitions: 1 }],
    registry,
    topicNames(""),
  );
  await layouts.read();
  assert.equal(layouts.of(known).layout, before.layout);

  const since = await register(topicOf({ page: t.string().optional() }));
  assert.throws(() => layouts.of(since), { code: "STORAGE_CORRUPT" });
  await layouts.learn(since);
  const names = layouts.of(since).layout.columns.map(({ name }) => name);
  assert.ok(names.includes("page"));

  await layouts.learn(since + 1);
  assert.throws(() => layouts.of(since + 1), { code: "STORAGE_CORRUPT" });
  await registry.close();
});
