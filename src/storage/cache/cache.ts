/**
 * The cache: bytes that were costly to compute (hot aggregates, results of queries), kept until
 * newer rows arrive, or for a while. It may forget anything at any time.
 *
 * What a value was made from is named by tags, such as a metric's name. An answer carries a **mark**
 * of its tags; a value is kept under the mark that was given *before* it was computed, and counts
 * only while its tags still have this mark. So rows that arrive while it is being computed are never
 * hidden by it, on however many replicas that happens.
 */

/** What the tags of a key were when it was asked for. Opaque; equal marks, equal tags. */
export type CacheMark = string;

/** What the cache knows of a key. */
export interface CacheAnswer {
  readonly value: Uint8Array | undefined;
  readonly mark: CacheMark;
}

/** A key has the same tags whenever it is used; their order doesn't matter. */
export interface CacheKey {
  readonly key: string;
  readonly tags: readonly string[];
}

/**
 * Obligations of every adapter:
 * - `get` gives what the newest `set` of a key has stored, or nothing; never bytes of a mark that is
 *   past, and never bytes that are older than their time to live.
 * - After `invalidate` has resolved, no `get` that begins then, on any replica, gives a value that
 *   was set under an earlier mark of these tags.
 * - Its memory has a bound. A value over `cacheValueBytesMax` isn't kept; that is no error.
 * - Errors are `CACHE_UNAVAILABLE`. A caller does its work without the cache then.
 */
export interface Cache {
  get(key: CacheKey): Promise<CacheAnswer>;
  /** Keeps a value that was computed after `mark` was given, for `ttlMs` at most. */
  set(key: CacheKey, mark: CacheMark, value: Uint8Array, ttlMs: number): Promise<void>;
  /** Nothing that was made with one of these tags counts any more. */
  invalidate(tags: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** The tags of a key, each once, in order. */
export const orderedTags = (tags: readonly string[]): string[] => [...new Set(tags)].toSorted();
