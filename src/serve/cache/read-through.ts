import { LIMITS } from "../../core/limits.ts";
import type { Cache, CacheAnswer, CacheKey } from "../../storage/cache/cache.ts";

export interface ReadThroughOptions {
  readonly cache: Cache;
  /** How long a value is kept where nothing invalidates it, ms. */
  readonly ttlMs: number;
  /** The cache didn't do its work; the answer was computed without it. */
  readonly onProblem?: (error: unknown) => void;
}

/** Answers from a cache; what isn't there is computed once for all who ask at the same time. */
export class ReadThrough {
  readonly #cache: Cache;
  readonly #ttlMs: number;
  readonly #onProblem: (error: unknown) => void;
  /** By mark and key: who asks after an invalidation doesn't wait for what was begun before. */
  readonly #flights = new Map<string, Promise<Uint8Array>>();

  constructor({ cache, ttlMs, onProblem = () => {} }: ReadThroughOptions) {
    this.#cache = cache;
    this.#ttlMs = ttlMs;
    this.#onProblem = onProblem;
  }

  /** Rejects as `compute` does; never because of the cache. */
  async get(key: CacheKey, compute: () => Promise<Uint8Array>): Promise<Uint8Array> {
    let answer: CacheAnswer;
    try {
      answer = await this.#cache.get(key);
    } catch (error) {
      this.#onProblem(error);
      return compute();
    }
    const { value, mark } = answer;
    if (value !== undefined) return value;
    const name = JSON.stringify([mark, key.key]);
    const flight = this.#flights.get(name);
    if (flight !== undefined) return flight;
    const begun = compute();
    if (this.#flights.size < LIMITS.cacheFlightsMax) this.#flights.set(name, begun);
    try {
      const computed = await begun;
      await this.#cache.set(key, mark, computed, this.#ttlMs).catch(this.#onProblem);
      return computed;
    } finally {
      this.#flights.delete(name);
    }
  }
}
