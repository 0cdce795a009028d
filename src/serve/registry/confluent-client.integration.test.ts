import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  AvroDeserializer,
  AvroSerializer,
  Compatibility,
  JsonDeserializer,
  JsonSerializer,
  SchemaRegistryClient,
  SerdeType,
} from "@confluentinc/schemaregistry";
import { openEmbeddedRegistry } from "../../storage/registry/embedded/embedded-registry.ts";
import type { Registry } from "../../storage/registry/registry.ts";
import { startRegistryServer } from "./registry-server.fixture.ts";

const order = (...more: object[]) => ({
  schemaType: "AVRO",
  schema: JSON.stringify({
    type: "record",
    name: "Order",
    fields: [{ name: "id", type: "string" }, { name: "quantity", type: "int" }, ...more],
  }),
});
const coupon = { name: "coupon", type: ["null", "string"], default: null };

describe("Confluent's JavaScript client", () => {
  let folder = "";
  let registry: Registry;
  let running: Awaited<ReturnType<typeof startRegistryServer>>;

  const start = async (): Promise<void> => {
    registry = openEmbeddedRegistry(join(folder, "registry.db"));
    running = await startRegistryServer(registry);
  };
  const stop = async (): Promise<void> => {
    await running.stop();
    await registry.close();
  };
  /** A client without anything in its caches. */
  const client = (): SchemaRegistryClient =>
    new SchemaRegistryClient({ baseURLs: [running.url], maxRetries: 0 });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-registry-"));
    await start();
  });
  after(async () => {
    await stop();
    await rm(folder, { recursive: true });
  });

  it("registers, reads and compares, also after a restart", async () => {
    const id = await client().register("shop/orders-value", order());
    const full = await client().registerFullResponse("shop/orders-value", order(coupon));
    assert.equal(full.version, 2);
    await stop();
    await start();
    assert.equal(await client().register("shop/orders-value", order()), id);
    assert.equal(
      (await client().getBySubjectAndId("shop/orders-value", id)).schema,
      order().schema,
    );
    assert.equal((await client().getByGuid(full.guid ?? "")).schema, order(coupon).schema);
    const latest = await client().getLatestSchemaMetadata("shop/orders-value");
    assert.deepEqual([latest.version, latest.id, latest.schemaType], [2, full.id, "AVRO"]);
    assert.equal((await client().getSchemaMetadata("shop/orders-value", 1)).id, id);
    assert.equal(await client().getVersion("shop/orders-value", order()), 1);
    assert.equal(await client().getId("shop/orders-value", order(coupon)), full.id);
    assert.deepEqual(await client().getAllVersions("shop%2Forders-value"), [1, 2]);
    assert.deepEqual(await client().getAllSubjects(), ["shop/orders-value"]);
    const bad = order({ name: "total", type: "long" });
    assert.equal(await client().testSubjectCompatibility("shop/orders-value", bad), false);
    assert.equal(await client().testCompatibility("shop/orders-value", 1, order(coupon)), true);
    await assert.rejects(client().register("shop/orders-value", bad), {
      status: 409,
      errorCode: 409,
      message: /total/,
    });
  });

  it("reads and sets levels, and deletes", async () => {
    const subject = "levels-value";
    await assert.rejects(client().getCompatibility(subject), { status: 404, errorCode: 40408 });
    assert.equal(await client().getDefaultCompatibility(), "BACKWARD");
    await client().updateCompatibility(subject, Compatibility.FULL_TRANSITIVE);
    assert.equal(await client().getCompatibility(subject), "FULL_TRANSITIVE");
    await client().updateDefaultCompatibility(Compatibility.FULL);
    assert.equal((await client().getDefaultConfig()).compatibilityLevel, "FULL");
    await client().register(subject, order());
    await assert.rejects(client().deleteSubject(subject, true), { errorCode: 40405 });
    assert.equal(await client().deleteSubjectVersion(subject, 1), 1);
    await assert.rejects(client().getSchemaMetadata(subject, 1), { errorCode: 40401 });
    assert.equal((await client().getSchemaMetadata(subject, 1, true)).version, 1);
    await client().register(subject, order());
    assert.deepEqual(await client().deleteSubject(subject), [2]);
    assert.deepEqual(await client().deleteSubject(subject, true), [1, 2]);
    await assert.rejects(client().getLatestSchemaMetadata(subject), { errorCode: 40401 });
  });

  it("writes Avro with one version and reads it with the next", async () => {
    await client().register("evolving-value", order());
    const writer = new AvroSerializer(client(), SerdeType.VALUE, { useLatestVersion: true });
    const old = await writer.serialize("evolving", { id: "a", quantity: 2 });
    await client().register("evolving-value", order(coupon));
    const next = new AvroSerializer(client(), SerdeType.VALUE, { useLatestVersion: true });
    const recent = await next.serialize("evolving", { id: "b", quantity: 1, coupon: "TEN" });
    const reader = new AvroDeserializer(client(), SerdeType.VALUE, { useLatestVersion: true });
    const oldest = await reader.deserialize("evolving", old);
    assert.deepEqual({ ...oldest }, { id: "a", quantity: 2, coupon: null });
    assert.equal((await reader.deserialize("evolving", recent)).coupon, "TEN");
    const asWritten = new AvroDeserializer(client(), SerdeType.VALUE, {});
    assert.deepEqual(
      { ...(await asWritten.deserialize("evolving", old)) },
      { id: "a", quantity: 2 },
    );
  });

  it("resolves Avro references", async () => {
    const place = `{"type":"record","name":"Place","fields":[{"name":"city","type":"string"}]}`;
    await client().register("place-value", { schemaType: "AVRO", schema: place });
    await client().register("visits-value", {
      ...order({ name: "at", type: "Place" }),
      references: [{ name: "Place", subject: "place-value", version: 1 }],
    });
    const writer = new AvroSerializer(client(), SerdeType.VALUE, { useLatestVersion: true });
    const visit = { id: "a", quantity: 1, at: { city: "Bern" } };
    const bytes = await writer.serialize("visits", visit);
    const read = await new AvroDeserializer(client(), SerdeType.VALUE, {}).deserialize(
      "visits",
      bytes,
    );
    assert.equal(read.at.city, "Bern");
  });

  it("validates and writes JSON by a JSON Schema", async () => {
    const schema = JSON.stringify({
      type: "object",
      properties: { id: { type: "string" }, quantity: { type: "integer" } },
      required: ["id"],
      additionalProperties: false,
    });
    await client().register("carts-value", {
      schemaType: "JSON",
      schema,
      metadata: { properties: { owner: "shop" } },
    });
    const found = await client().getLatestWithMetadata("carts-value", { owner: "shop" });
    assert.deepEqual(found.metadata, { properties: { owner: "shop" } });
    const conf = { useLatestVersion: true, validate: true };
    const writer = new JsonSerializer(client(), SerdeType.VALUE, conf);
    const bytes = await writer.serialize("carts", { id: "a", quantity: 3 });
    const reader = new JsonDeserializer(client(), SerdeType.VALUE, {});
    assert.deepEqual(await reader.deserialize("carts", bytes), { id: "a", quantity: 3 });
    await assert.rejects(writer.serialize("carts", { id: "a", quantity: "three" }));
  });
});
