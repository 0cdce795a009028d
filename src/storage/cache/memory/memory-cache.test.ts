import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "../../../core/clock.ts";
import { cacheSuite } from "../cache.suite.ts";
import { memoryCache } from "./memory-cache.ts";

cacheSuite("the cache in memory", () => {
  const clock = manualClock(1_000);
  const cache = memoryCache({ clock });
  return { cache, pass: (ms) => clock.advance(ms), dispose: () => cache.close() };
});

test("what wasn't used for longest makes room", async () => {
  const cache = memoryCache({ clock: manualClock(0), bytesMax: 4_000 });
  const key = (name: string) => ({ key: name, tags: [] });
  for (const name of ["a", "b", "c"]) await cache.set(key(name), "", new Uint8Array(1_000), 1_000);
  assert.ok((await cache.get(key("a"))).value);
  await cache.set(key("d"), "", new Uint8Array(1_000), 1_000);
  const kept = async (name: string) => (await cache.get(key(name))).value !== undefined;
  assert.deepEqual(await Promise.all(["a", "b", "c", "d"].map(kept)), [true, false, true, true]);
});

test("a tag that is forgotten takes its values along", async () => {
  const cache = memoryCache({ clock: manualClock(0), tagsMax: 2 });
  const key = (tag: string) => ({ key: tag, tags: [tag] });
  const { mark } = await cache.get(key("one"));
  await cache.set(key("one"), mark, new Uint8Array(1), 1_000);
  for (const tag of ["two", "three"]) await cache.get(key(tag));
  assert.equal((await cache.get(key("one"))).value, undefined);
});
