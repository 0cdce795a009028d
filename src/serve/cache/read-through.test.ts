import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "../../core/clock.ts";
import { MillraceError } from "../../core/errors.ts";
import type { Cache } from "../../storage/cache/cache.ts";
import { memoryCache } from "../../storage/cache/memory/memory-cache.ts";
import { ReadThrough } from "./read-through.ts";

const KEY = { key: "orders", tags: ["orders"] };
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("a value is computed once for all who ask, and again after newer rows", async () => {
  const cache = memoryCache({ clock: manualClock(0) });
  const through = new ReadThrough({ cache, ttlMs: 1_000 });
  const waiting: ((bytes: Uint8Array) => void)[] = [];
  const compute = (): Promise<Uint8Array> => new Promise((resolve) => waiting.push(resolve));
  const asked = [through.get(KEY, compute), through.get(KEY, compute)];
  await new Promise(setImmediate);
  assert.equal(waiting.length, 1);
  await cache.invalidate(["orders"]);
  const later = through.get(KEY, compute);
  await new Promise(setImmediate);
  assert.equal(waiting.length, 2);
  waiting[1]!(Buffer.from("new"));
  assert.equal(text(await later), "new");
  waiting[0]!(Buffer.from("old"));
  assert.deepEqual((await Promise.all(asked)).map(text), ["old", "old"]);
  // The older one came last, and doesn't count: at worst the value is computed once more.
  const last = through.get(KEY, async () => Buffer.from("newer"));
  assert.notEqual(text(await last), "old");
});

test("a failure is everyone's, and isn't kept", async () => {
  const through = new ReadThrough({ cache: memoryCache({ clock: manualClock(0) }), ttlMs: 1_000 });
  const fail = () => Promise.reject(new Error("no warehouse"));
  const asked = await Promise.allSettled([through.get(KEY, fail), through.get(KEY, fail)]);
  assert.ok(asked.every(({ status }) => status === "rejected"));
  assert.equal(text(await through.get(KEY, async () => Buffer.from("ok"))), "ok");
});

test("a cache that isn't there costs its help only", async () => {
  const gone = () => Promise.reject(new MillraceError("CACHE_UNAVAILABLE", "gone"));
  const cache: Cache = { get: gone, set: gone, invalidate: gone, close: gone };
  const problems: unknown[] = [];
  const through = new ReadThrough({ cache, ttlMs: 1, onProblem: (error) => problems.push(error) });
  assert.equal(text(await through.get(KEY, async () => Buffer.from("ok"))), "ok");
  assert.equal(problems.length, 1);
});
