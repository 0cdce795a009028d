import type { Clock } from "../../../core/clock.ts";
import { LIMITS } from "../../../core/limits.ts";
import {
  orderedTags,
  type Cache,
  type CacheAnswer,
  type CacheKey,
  type CacheMark,
} from "../cache.ts";

export interface MemoryCacheOptions {
  readonly clock: Clock;
  /** Bytes of keys and values; what wasn't used for longest goes first. */
  readonly bytesMax?: number;
  /** Tags whose marks are remembered; the values of a forgotten one don't count any more. */
  readonly tagsMax?: number;
}

/** A cache in this process's memory. */
export function memoryCache(options: MemoryCacheOptions): Cache {
  return new MemoryCache(options);
}

interface Entry {
  readonly mark: CacheMark;
  readonly value: Uint8Array;
  readonly until: number;
}

/** Bytes that an entry takes beside its key and value, about. */
const ENTRY_BYTES = 200;

class MemoryCache implements Cache {
  readonly #clock: Clock;
  readonly #bytesMax: number;
  readonly #tagsMax: number;
  /** Both in the order in which they were used. */
  readonly #entries = new Map<string, Entry>();
  readonly #tags = new Map<string, number>();
  #bytes = 0;
  /** Never given twice, so that a forgotten tag gets a mark that nothing has. */
  #lastMark = 0;

  constructor({ clock, bytesMax, tagsMax }: MemoryCacheOptions) {
    this.#clock = clock;
    this.#bytesMax = bytesMax ?? LIMITS.cacheBytesMax;
    this.#tagsMax = tagsMax ?? LIMITS.cacheTagsMax;
  }

  async get({ key, tags }: CacheKey): Promise<CacheAnswer> {
    const mark = orderedTags(tags)
      .map((tag) => this.#markOf(tag))
      .join(",");
    const entry = this.#entries.get(key);
    if (entry === undefined) return { value: undefined, mark };
    this.#remove(key, entry);
    if (entry.mark !== mark || entry.until <= this.#clock.nowMs())
      return { value: undefined, mark };
    this.#add(key, entry);
    return { value: entry.value, mark };
  }

  async set({ key }: CacheKey, mark: CacheMark, value: Uint8Array, ttlMs: number): Promise<void> {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#remove(key, before);
    if (value.length > LIMITS.cacheValueBytesMax) return;
    this.#add(key, { mark, value: Uint8Array.from(value), until: this.#clock.nowMs() + ttlMs });
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#remove(oldest, entry);
    }
  }

  async invalidate(tags: readonly string[]): Promise<void> {
    for (const tag of tags) this.#tags.delete(tag);
  }

  async close(): Promise<void> {
    this.#entries.clear();
    this.#tags.clear();
    this.#bytes = 0;
  }

  #markOf(tag: string): number {
    const mark = this.#tags.get(tag) ?? ++this.#lastMark;
    this.#tags.delete(tag);
    this.#tags.set(tag, mark);
    if (this.#tags.size > this.#tagsMax) this.#tags.delete(this.#tags.keys().next().value!);
    return mark;
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += sizeOf(key, entry);
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= sizeOf(key, entry);
  }
}

const sizeOf = (key: string, { value, mark }: Entry): number =>
  ENTRY_BYTES + 2 * (key.length + mark.length) + value.length;
