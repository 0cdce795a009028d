import assert from "node:assert/strict";
import { test } from "node:test";
import { javaRegistryUrl } from "./java-registry.ts";

const url = "https://registry/apis/ccompat/v7";

test("user and password go into the registry's address, and come back", () => {
  assert.equal(javaRegistryUrl({ url }), url);
  const auth = { username: "a@b", password: "a:secret/with signs" };
  const { username, password, pathname } = new URL(javaRegistryUrl({ url, auth }));
  assert.deepEqual([username, password].map(decodeURIComponent), [auth.username, auth.password]);
  assert.equal(pathname, "/apis/ccompat/v7");
});

test("what Java must be told otherwise is refused, unless it was", () => {
  assert.throws(() => javaRegistryUrl({ url, auth: { token: "t" } }), {
    code: "CONFIG_INVALID",
    field: "registry.auth",
  });
  assert.throws(() => javaRegistryUrl({ url, ca: "CA" }, ["-Xmx1g"]), {
    code: "CONFIG_INVALID",
    field: "streams.javaFlags",
  });
  const flags = ["-Djavax.net.ssl.trustStore=/etc/ca.p12"];
  assert.equal(javaRegistryUrl({ url, ca: "CA" }, flags), url);
});
