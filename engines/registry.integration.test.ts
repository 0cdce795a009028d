import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { engineSuite } from "./engine-test.ts";

await engineSuite("the registry", ["registry"], ({ registry }, cluster) => {
  test("a schema is there after the registry was killed", async () => {
    const url = `${registry.url}/subjects/engines-${randomUUID()}/versions`;
    const schema = JSON.stringify({ type: "record", name: "a", fields: [] });
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ schema }),
    });
    const { id } = (await answer.json()) as { id: number };
    await cluster.kill("registry");
    await cluster.startAgain("registry");
    const kept = (await (await fetch(`${url}/1`)).json()) as { id: number; schema: string };
    assert.equal(kept.id, id);
    assert.deepEqual(JSON.parse(kept.schema), JSON.parse(schema));
  });
});
