import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import type { AddressInfo } from "node:net";
import { engineSuite } from "../../../../engines/engine-test.ts";
import { prefixedRegistry } from "../prefixed-registry.fixture.ts";
import { registrySuite } from "../registry.suite.ts";
import { openConfluentRegistry } from "./confluent-registry.ts";

await engineSuite("the registry port on Apicurio", ["registry"], ({ registry: { url } }) => {
  registrySuite({
    name: "Confluent's REST API, of Apicurio",
    gaps: {
      "takes schemas that differ in doc for one only when asked to normalise":
        "Apicurio takes them for one always",
      "begins with the level BACKWARD":
        "Apicurio's own default is NONE; it is a setting of the server",
      "a subject that has no level shows none, whatever that of all is":
        "Apicurio shows that of all",
      "never gives a version twice, not even after a deletion for good":
        "Apicurio begins with version 1 again",
      "forgets a schema with its last version, and never gives its id again":
        "Apicurio keeps the contents, with the id",
      "keeps metadata and rules, which are part of a schema":
        "Apicurio's Confluent API drops them in silence",
    },
    open: async () => {
      const prefix = `${randomUUID()}.`;
      let shared = openConfluentRegistry({ url });
      const before = await shared.settings(undefined);
      return {
        registry: prefixedRegistry(shared, prefix),
        reopen: async () => {
          await shared.close();
          shared = openConfluentRegistry({ url });
          return prefixedRegistry(shared, prefix);
        },
        dispose: async () => {
          await shared.configure(undefined, before);
          await shared.close();
        },
      };
    },
  });
});

for (const [what, isPaged] of [
  ["gives a thousand at a time", true],
  ["gives all at once", false],
] as const) {
  test(`a long list is whole where the registry ${what}`, async () => {
    const names = Array.from({ length: isPaged ? 2_500 : 1_000 }, (_, at) => `s${10_000 + at}`);
    const server = createServer((request, response) => {
      const { searchParams: query } = new URL(request.url ?? "", "http://registry");
      const offset = isPaged ? Number(query.get("offset")) : 0;
      const most = isPaged ? Math.min(Number(query.get("limit") ?? 1_000), 1_000) : Infinity;
      response.end(JSON.stringify(names.slice(offset, offset + most)));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const registry = openConfluentRegistry({ url: `http://127.0.0.1:${port}` });
    assert.deepEqual(await registry.subjects("exclude"), names);
    await registry.close();
    server.close();
  });
}

describe("a registry that can't be used", () => {
  test("isn't there", async () => {
    const registry = openConfluentRegistry({ url: "http://127.0.0.1:1" });
    await assert.rejects(registry.subjects("exclude"), {
      code: "REGISTRY_UNAVAILABLE",
      message: /http:\/\/127\.0\.0\.1:1 doesn't answer GET \/subjects: connect ECONNREFUSED/,
    });
    await registry.close();
  });

  for (const [what, status, body, code] of [
    ["is something else", 200, "<html>", "REGISTRY_UNAVAILABLE"],
    ["fails", 500, `{"error_code":50001,"message":"no disk"}`, "REGISTRY_UNAVAILABLE"],
    ["doesn't let us in", 401, "", "CONFIG_INVALID"],
  ] as const) {
    test(what, async () => {
      const server = createServer((_, response) => response.writeHead(status).end(body));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const registry = openConfluentRegistry({ url: `http://127.0.0.1:${port}` });
      await assert.rejects(registry.subjects("exclude"), { code });
      await registry.close();
      server.close();
    });
  }

  test("has no address", () => {
    assert.throws(() => openConfluentRegistry({ url: "registry:8081" }), {
      code: "CONFIG_INVALID",
    });
  });
});
