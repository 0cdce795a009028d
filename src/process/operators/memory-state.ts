import { Calendar } from "./calendar.ts";
import { textOf } from "./text-of.ts";
import type { Entry, EntryCodec, KeyedState } from "./keyed-state.ts";

/** One saved entry. */
export interface SavedEntry {
  readonly bucket: number;
  readonly key: string;
  readonly text: string;
}

/** State without bound, in memory only: for tests, previews and short histories. */
export class MemoryState<E extends Entry> implements KeyedState<E> {
  readonly #buckets = new Map<number, Map<string, E>>();
  readonly #calendar = new Calendar<E>();
  #changed: E[] = [];
  #lastBucket = Number.NaN;
  #lastEntries = new Map<string, E>();

  get(bucket: number, key: string): E | undefined {
    return this.#bucket(bucket).get(key);
  }

  add(entry: E): void {
    const entries = this.#bucket(entry.bucket);
    if (entries.size === 0) this.#buckets.set(entry.bucket, entries);
    entries.set(entry.key, entry);
    entry.held = true;
    this.touch(entry);
  }

  touch(entry: E): void {
    if (!entry.dirty) {
      entry.dirty = true;
      this.#changed.push(entry);
    }
  }

  schedule(entry: E): void {
    this.#calendar.schedule(entry);
  }

  remove(entry: E): void {
    const entries = this.#bucket(entry.bucket);
    entries.delete(entry.key);
    entry.held = false;
    if (entries.size === 0) this.removeBucket(entry.bucket);
  }

  removeBucket(bucket: number): void {
    for (const entry of this.entriesOf(bucket)) entry.held = false;
    this.#buckets.delete(bucket);
    if (bucket === this.#lastBucket) this.#lastBucket = Number.NaN;
  }

  buckets(to: number): number[] {
    return [...this.#buckets.keys()].filter((each) => each < to).toSorted((a, b) => a - b);
  }

  entriesOf(bucket: number): Iterable<E> {
    return this.#buckets.get(bucket)?.values() ?? [];
  }

  due(until: number): E[] {
    return this.#calendar.due(until);
  }

  changed(): readonly E[] {
    return this.#changed.filter((entry) => entry.held);
  }

  *loaded(): Iterable<E> {
    for (const entries of this.#buckets.values()) yield* entries.values();
  }

  settle(): void {
    for (const entry of this.#changed) entry.dirty = false;
    this.#changed = [];
  }

  snapshot(codec: EntryCodec<E>): SavedEntry[] {
    return [...this.loaded()].map((each) => ({
      bucket: each.bucket,
      key: each.key,
      text: textOf(codec, each),
    }));
  }

  restore(saved: readonly SavedEntry[], codec: EntryCodec<E>): void {
    for (const { bucket, key, text } of saved) {
      const entry = codec.decode(bucket, key, text);
      this.add(entry);
      this.schedule(entry);
    }
    this.settle();
  }

  /** The entries of a bucket; not yet kept while there are none. */
  #bucket(bucket: number): Map<string, E> {
    if (bucket === this.#lastBucket) return this.#lastEntries;
    const entries = this.#buckets.get(bucket) ?? new Map<string, E>();
    if (entries.size > 0) {
      this.#lastBucket = bucket;
      this.#lastEntries = entries;
    }
    return entries;
  }
}
