import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { promisify } from "node:util";
import { AvroSerializer, SchemaRegistryClient, SerdeType } from "@confluentinc/schemaregistry";
import { openEmbeddedRegistry } from "../../storage/registry/embedded/embedded-registry.ts";
import { startRegistryServer } from "./registry-server.fixture.ts";

const order = (...more: object[]) => ({
  schemaType: "AVRO",
  schema: JSON.stringify({
    type: "record",
    name: "Order",
    fields: [{ name: "id", type: "string" }, ...more],
  }),
});

it("ClickHouse reads records of two versions by the ids of the registry", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-registry-"));
  const registry = openEmbeddedRegistry(join(folder, "registry.db"));
  const { url, stop } = await startRegistryServer(registry);
  try {
    const client = new SchemaRegistryClient({ baseURLs: [url], maxRetries: 0 });
    const latest = { useLatestVersion: true };
    await client.register("orders-value", order());
    const old = new AvroSerializer(client, SerdeType.VALUE, latest);
    const first = await old.serialize("orders", { id: "a" });
    const coupon = { name: "coupon", type: ["null", "string"], default: null };
    await client.register("orders-value", order(coupon));
    client.clearLatestCaches();
    const next = new AvroSerializer(client, SerdeType.VALUE, latest);
    const second = await next.serialize("orders", { id: "b", coupon: "TEN" });
    const file = join(folder, "orders.avro");
    await writeFile(file, Buffer.concat([first, second]));
    const script = join(import.meta.dirname, "read-avro-confluent.fixture.ts");
    const columns = "id String, coupon Nullable(String)";
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [script, file, url, columns]);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    assert.deepEqual(rows, [
      { id: "a", coupon: null },
      { id: "b", coupon: "TEN" },
    ]);
  } finally {
    await stop();
    await registry.close();
    await rm(folder, { recursive: true });
  }
});
