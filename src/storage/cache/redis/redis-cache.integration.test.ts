import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { engineSuite } from "../../../../engines/engine-test.ts";
import { freePort } from "../../../../engines/free-port.ts";
import { testCertificate } from "../../test-certificate.fixture.ts";
import { cacheSuite } from "../cache.suite.ts";
import { openRedisCache, type RedisConnection } from "./redis-cache.ts";

const KEY = { key: "k", tags: ["t"] };

await engineSuite("the cache in Redis", ["redis"], ({ redis }) => {
  const { host, username, password } = new URL(redis.url);
  const connection: RedisConnection = { url: `redis://${host}`, username, password };
  const fresh = (): RedisConnection => ({ ...connection, prefix: `${randomUUID()}:` });

  cacheSuite("the cache in Redis", async () => {
    const cache = await openRedisCache(fresh());
    // The server keeps its own time: nothing tells when a key's is over but the time itself.
    return { cache, pass: (ms) => pause(ms + 5), dispose: () => cache.close() };
  });

  test("replicas see one another's values and invalidations", async () => {
    const place = fresh();
    const [one, other] = [await openRedisCache(place), await openRedisCache(place)];
    const [first, second] = await Promise.all([one.get(KEY), other.get(KEY)]);
    assert.equal(first.mark, second.mark);
    await one.set(KEY, first.mark, Buffer.from("value"), 60_000);
    assert.equal(String((await other.get(KEY)).value), "value");
    await other.invalidate(["t"]);
    assert.equal((await one.get(KEY)).value, undefined);
    await one.set(KEY, second.mark, Buffer.from("late"), 60_000);
    assert.equal((await other.get(KEY)).value, undefined);
    await Promise.all([one.close(), other.close()]);
  });

  test("a wrong password and a server that isn't there are told apart", async () => {
    await assert.rejects(openRedisCache({ ...connection, password: "wrong" }), {
      code: "CONFIG_INVALID",
      message: /WRONGPASS/,
    });
    await assert.rejects(openRedisCache({ url: `redis://${host}` }), { code: "CONFIG_INVALID" });
    await assert.rejects(openRedisCache({ url: "redis://127.0.0.1:1" }), {
      code: "CACHE_UNAVAILABLE",
      message: /ECONNREFUSED/,
    });
    await assert.rejects(openRedisCache({ url: "127.0.0.1:6379" }), { code: "CONFIG_INVALID" });
  });

  test("over TLS; fails at once while the server is gone, and goes on with the next", async () => {
    const certificate = testCertificate();
    const folder = mkdtempSync(join(tmpdir(), "millrace-redis-"));
    const port = await freePort(new Set());
    const start = async () => {
      const server = spawn(
        "redis-server",
        [
          ...["--port", "0", "--tls-port", String(port), "--bind", "127.0.0.1", "--save", ""],
          ...["--appendonly", "yes", "--appendfsync", "always", "--dir", folder],
          ...["--tls-cert-file", certificate.certFile, "--tls-key-file", certificate.keyFile],
          ...["--tls-ca-cert-file", certificate.certFile, "--tls-auth-clients", "no"],
          ...["--requirepass", "a:secret/with signs"],
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      for await (const line of server.stdout) {
        if (String(line).includes("Ready to accept connections")) break;
      }
      return server;
    };
    const place = { url: `rediss://127.0.0.1:${port}`, password: "a:secret/with signs" };
    let server = await start();
    try {
      await assert.rejects(openRedisCache(place), {
        code: "CACHE_UNAVAILABLE",
        message: /self-signed certificate/,
      });
      const cache = await openRedisCache({ ...place, ca: certificate.cert });
      const { mark } = await cache.get(KEY);
      await cache.set(KEY, mark, Buffer.from("value"), 60_000);
      assert.equal(String((await cache.get(KEY)).value), "value");
      server.kill("SIGKILL");
      await once(server, "exit");
      await assert.rejects(cache.get(KEY), { code: "CACHE_UNAVAILABLE" });
      await assert.rejects(cache.invalidate(["t"]), { code: "CACHE_UNAVAILABLE" });
      server = await start();
      const again = async () => cache.get(KEY).catch(() => undefined);
      let answer = await again();
      for (; answer === undefined; answer = await again()) await pause(20);
      // It is still there; but an invalidation may have been lost with the server.
      assert.notEqual(answer.mark, mark);
      assert.equal(answer.value, undefined);
      await cache.close();
    } finally {
      server.kill("SIGKILL");
      certificate.remove();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
