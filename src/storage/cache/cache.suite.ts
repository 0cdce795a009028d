import assert from "node:assert/strict";
import { describe } from "node:test";
import { LIMITS } from "../../core/limits.ts";
import { contractTests, type Gaps } from "../contract-tests.ts";
import type { Cache, CacheKey } from "./cache.ts";

/** A cache under test: empty, its own. */
export interface CacheUnderTest {
  readonly cache: Cache;
  /** Lets time go by until a time to live of `ms` is over. */
  pass(ms: number): Promise<void> | void;
  dispose(): Promise<void> | void;
}

const HOUR = 3_600_000;
const ORDERS: CacheKey = { key: "orders by day", tags: ["orders", "day"] };
const VIEWS: CacheKey = { key: "views", tags: ["views"] };
const bytes = (text: string): Uint8Array => Buffer.from(text);

/** What every cache must do. */
export function cacheSuite(
  name: string,
  open: () => CacheUnderTest | Promise<CacheUnderTest>,
  gaps?: Gaps,
): void {
  const contract = contractTests(gaps);
  const withCache = (
    title: string,
    body: (cache: Cache, under: CacheUnderTest) => Promise<void>,
  ): void =>
    contract.test(title, async () => {
      const under = await open();
      try {
        await body(under.cache, under);
      } finally {
        await under.dispose();
      }
    });
  const put = async (cache: Cache, key: CacheKey, text: string, ttlMs = HOUR): Promise<void> => {
    const { mark } = await cache.get(key);
    await cache.set(key, mark, bytes(text), ttlMs);
  };
  const textOf = async (cache: Cache, key: CacheKey): Promise<string | undefined> => {
    const { value } = await cache.get(key);
    return value === undefined ? undefined : Buffer.from(value).toString();
  };

  describe(name, () => {
    withCache("gives what was set, byte for byte", async (cache) => {
      assert.equal(await textOf(cache, ORDERS), undefined);
      const all = Uint8Array.from({ length: 256 }, (_, at) => at);
      for (const value of [all, new Uint8Array(), bytes("\n\0\n"), bytes("ä,b")]) {
        const { mark } = await cache.get(ORDERS);
        await cache.set(ORDERS, mark, value, HOUR);
        assert.deepEqual(Buffer.from((await cache.get(ORDERS)).value!), Buffer.from(value));
      }
      await put(cache, { key: "", tags: [] }, "no tags");
      assert.equal(await textOf(cache, { key: "", tags: [] }), "no tags");
    });

    withCache("keeps its own copy", async (cache) => {
      const value = bytes("before");
      await cache.set(ORDERS, (await cache.get(ORDERS)).mark, value, HOUR);
      value.fill(0);
      assert.equal(await textOf(cache, ORDERS), "before");
    });

    withCache("forgets what has lived long enough", async (cache, under) => {
      await put(cache, ORDERS, "short", 20);
      await put(cache, VIEWS, "long");
      await under.pass(20);
      assert.equal(await textOf(cache, ORDERS), undefined);
      assert.equal(await textOf(cache, VIEWS), "long");
    });

    withCache("forgets what was made with a tag, and nothing else", async (cache) => {
      await put(cache, ORDERS, "orders");
      await put(cache, VIEWS, "views");
      await cache.invalidate(["day", "unknown"]);
      assert.equal(await textOf(cache, ORDERS), undefined);
      assert.equal(await textOf(cache, VIEWS), "views");
      await put(cache, ORDERS, "new");
      assert.equal(await textOf(cache, ORDERS), "new");
      assert.equal(await textOf(cache, { ...ORDERS, tags: ["day", "orders", "day"] }), "new");
      await cache.invalidate([]);
      assert.equal(await textOf(cache, ORDERS), "new");
    });

    withCache("never gives what was computed before newer rows arrived", async (cache) => {
      const { mark } = await cache.get(ORDERS);
      await cache.invalidate(["orders"]);
      await cache.set(ORDERS, mark, bytes("old"), HOUR);
      assert.equal(await textOf(cache, ORDERS), undefined);
      await put(cache, ORDERS, "new");
      await cache.set(ORDERS, mark, bytes("old"), HOUR);
      assert.notEqual(await textOf(cache, ORDERS), "old");
    });

    withCache("gives equal marks while nothing changes", async (cache) => {
      const { mark } = await cache.get(ORDERS);
      await put(cache, VIEWS, "views");
      await cache.invalidate(["views"]);
      assert.equal((await cache.get(ORDERS)).mark, mark);
      await cache.invalidate(["orders"]);
      assert.notEqual((await cache.get(ORDERS)).mark, mark);
    });

    withCache("doesn't keep what is too large", async (cache) => {
      const { mark } = await cache.get(ORDERS);
      await cache.set(ORDERS, mark, new Uint8Array(LIMITS.cacheValueBytesMax + 1), HOUR);
      assert.equal((await cache.get(ORDERS)).value, undefined);
      await cache.set(ORDERS, mark, new Uint8Array(LIMITS.cacheValueBytesMax), HOUR);
      assert.equal((await cache.get(ORDERS)).value?.length, LIMITS.cacheValueBytesMax);
    });

    contract.end();
  });
}
