/** The cluster's adapter, spoken to by our own registry: over TLS, with a user and a password. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openConfluentRegistry } from "../../storage/registry/confluent/confluent-registry.ts";
import { openEmbeddedRegistry } from "../../storage/registry/embedded/embedded-registry.ts";
import { registrySuite } from "../../storage/registry/registry.suite.ts";
import { testCertificate } from "../../storage/test-certificate.fixture.ts";
import { startRegistryServer } from "./registry-server.fixture.ts";

const certificate = testCertificate();
const auth = { username: "pipeline", password: "a:secret/with signs" };
const { username, password } = auth;
const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

after(() => certificate.remove());

registrySuite({
  name: "Confluent's REST API, of our own",
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-registry-"));
    const path = join(folder, "registry.db");
    const start = async () => {
      const inner = openEmbeddedRegistry(path);
      const server = await startRegistryServer(inner, { tls: certificate, authorization });
      const outer = openConfluentRegistry({ url: server.url, auth, ca: certificate.cert });
      const stop = async () => {
        await outer.close();
        await server.stop();
        await inner.close();
      };
      return { outer, stop };
    };
    let running = await start();
    return {
      registry: running.outer,
      reopen: async () => {
        await running.stop();
        running = await start();
        return running.outer;
      },
      dispose: async () => {
        await running.stop();
        await rm(folder, { recursive: true });
      },
    };
  },
});

test("a wrong password, an unknown authority and a token are told apart", async () => {
  const inner = openEmbeddedRegistry(":memory:");
  const token = { tls: certificate, authorization: "Bearer abc" };
  const { url, stop } = await startRegistryServer(inner, token);
  const subjects = async (connection: object) => {
    const registry = openConfluentRegistry({ url, ...connection });
    return registry.subjects("exclude").finally(() => registry.close());
  };
  const ca = certificate.cert;
  assert.deepEqual(await subjects({ ca, auth: { token: "abc" } }), []);
  await assert.rejects(subjects({ ca, auth }), { code: "CONFIG_INVALID" });
  await assert.rejects(subjects({ auth: { token: "abc" } }), {
    code: "REGISTRY_UNAVAILABLE",
    message: /self-signed certificate/,
  });
  await stop();
  await inner.close();
});
