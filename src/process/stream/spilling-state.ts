import { Calendar } from "../operators/calendar.ts";
import type { Entry, EntryCodec, KeyedState } from "../operators/keyed-state.ts";
import type { OperatorChange, StateStore, StoredEntry } from "../../storage/state/state.ts";

/** Part of the bound that is left in memory after an eviction, so that they are rare. */
const KEPT_PART = 0.75;

/**
 * An operator's state, of which at most so many entries stay in memory: beyond that, the ones not
 * asked for the longest live in the store alone, and are read back when asked for. Entries that
 * changed are evicted only after the commit that stored them, so between commits there may be more;
 * so there may while a window closes. A new instance over the same store is a restart: it begins
 * with the newest entries in memory, as far as they would have been kept there.
 */
export class SpillingState<E extends Entry> implements KeyedState<E> {
  readonly #store: StateStore;
  readonly #operator: number;
  readonly #codec: EntryCodec<E>;
  readonly #entriesMax: number;
  readonly #buckets = new Map<number, Map<string, E>>();
  readonly #calendar = new Calendar<E>();
  /** Buckets with entries in the store. */
  readonly #stored: Set<number>;
  /** Those of them that may have entries which aren't in memory. */
  readonly #spilled: Set<number>;
  /** The bucket asked for last; NaN when the map of its entries may have changed. */
  #lastBucket = Number.NaN;
  #lastEntries: Map<string, E> | undefined;
  #count = 0;
  /** Number of settles so far: the age of entries. */
  #age = 0;
  #changed: E[] = [];
  #removed = new Map<string, { readonly bucket: number; readonly key: string }>();
  #removedBuckets = new Set<number>();

  constructor(store: StateStore, operator: number, codec: EntryCodec<E>, entriesMax: number) {
    this.#store = store;
    this.#operator = operator;
    this.#codec = codec;
    this.#entriesMax = entriesMax;
    this.#stored = new Set(store.buckets(operator));
    this.#spilled = new Set(this.#stored);
    this.#warm();
  }

  /** Entries that changed since the last settle: they can't be evicted. */
  get dirtyCount(): number {
    return this.#changed.length;
  }
  /** Entries in memory. */
  get loadedCount(): number {
    return this.#count;
  }

  get(bucket: number, key: string): E | undefined {
    if (bucket !== this.#lastBucket) {
      this.#lastBucket = bucket;
      this.#lastEntries = this.#buckets.get(bucket);
    }
    const entry = this.#lastEntries?.get(key);
    if (entry !== undefined) {
      entry.touched = this.#age;
      return entry;
    }
    if (!this.#spilled.has(bucket) || this.#isRemoved(bucket, key)) return undefined;
    const stored = this.#store.entry(this.#operator, bucket, key);
    return stored === undefined ? undefined : this.#load(stored);
  }

  add(entry: E): void {
    this.#hold(entry);
    this.touch(entry);
  }

  touch(entry: E): void {
    entry.touched = this.#age;
    if (!entry.dirty) {
      entry.dirty = true;
      this.#changed.push(entry);
    }
    this.#calendar.schedule(entry);
  }

  remove(entry: E): void {
    const { bucket, key } = entry;
    const entries = this.#buckets.get(bucket);
    if (entries?.delete(key) === true) this.#count--;
    entry.held = false;
    if (entries?.size === 0) this.#forgetBucket(bucket);
    if (this.#stored.has(bucket)) this.#removed.set(`${bucket} ${key}`, { bucket, key });
  }

  removeBucket(bucket: number): void {
    const entries = this.#buckets.get(bucket);
    this.#count -= entries?.size ?? 0;
    for (const entry of entries?.values() ?? []) entry.held = false;
    this.#forgetBucket(bucket);
    if (!this.#stored.delete(bucket)) return;
    this.#spilled.delete(bucket);
    this.#removedBuckets.add(bucket);
  }

  buckets(to: number): number[] {
    const all = new Set([...this.#buckets.keys(), ...this.#stored]);
    return [...all].filter((each) => each < to).toSorted((a, b) => a - b);
  }

  /** Those in the store alone are given without being kept in memory. */
  *entriesOf(bucket: number): Iterable<E> {
    const held = this.#buckets.get(bucket);
    if (held !== undefined) yield* held.values();
    if (!this.#spilled.has(bucket)) return;
    for (const { key, text } of this.#store.entriesOf(this.#operator, bucket)) {
      if (held?.has(key) === true || this.#isRemoved(bucket, key)) continue;
      yield this.#codec.decode(bucket, key, text);
    }
  }

  due(until: number): E[] {
    const found = this.#calendar.due(until);
    if (this.#spilled.size === 0) return found;
    const waiting = [...this.#store.due(this.#operator, until)].filter(
      ({ bucket, key }) =>
        this.#buckets.get(bucket)?.has(key) !== true && !this.#isRemoved(bucket, key),
    );
    return [...found, ...waiting.map((stored) => this.#load(stored))];
  }

  changed(): readonly E[] {
    return this.#changed.filter((entry) => entry.held);
  }

  *loaded(): Iterable<E> {
    for (const entries of this.#buckets.values()) yield* entries.values();
  }

  /** What the next commit has to store. */
  change(own: string): OperatorChange {
    return {
      operator: this.#operator,
      own,
      put: this.changed().map((entry) => ({
        bucket: entry.bucket,
        key: entry.key,
        due: entry.due === Infinity ? null : entry.due,
        text: this.#codec.encode(entry),
      })),
      removed: [...this.#removed.values()],
      removedBuckets: [...this.#removedBuckets],
    };
  }

  /** Call after the commit of `change`. */
  settle(): void {
    for (const entry of this.changed()) this.#stored.add(entry.bucket);
    for (const entry of this.#changed) entry.dirty = false;
    this.#changed = [];
    this.#removed.clear();
    this.#removedBuckets.clear();
    this.#age++;
    if (this.#count > this.#entriesMax) this.#evict();
  }

  #warm(): void {
    const most = Math.floor(this.#entriesMax * KEPT_PART);
    for (const bucket of [...this.#stored].toSorted((a, b) => b - a)) {
      for (const stored of this.#store.entriesOf(this.#operator, bucket)) {
        if (this.#count >= most) return;
        this.#load(stored);
      }
      this.#spilled.delete(bucket);
    }
  }

  #hold(entry: E): void {
    let entries = this.#buckets.get(entry.bucket);
    if (entries === undefined) {
      entries = new Map<string, E>();
      this.#buckets.set(entry.bucket, entries);
      this.#lastBucket = Number.NaN;
    }
    entries.set(entry.key, entry);
    entry.held = true;
    entry.touched = this.#age;
    this.#count++;
  }

  #forgetBucket(bucket: number): void {
    this.#buckets.delete(bucket);
    this.#lastBucket = Number.NaN;
  }

  #load({ bucket, key, text }: StoredEntry): E {
    const entry = this.#codec.decode(bucket, key, text);
    this.#hold(entry);
    this.#calendar.schedule(entry);
    return entry;
  }

  #isRemoved(bucket: number, key: string): boolean {
    return this.#removed.size > 0 && this.#removed.has(`${bucket} ${key}`);
  }

  /** Lets the entries go that weren't asked for the longest. Everything is clean and stored here. */
  #evict(): void {
    const kept = Math.floor(this.#entriesMax * KEPT_PART);
    const ages = new Map<number, number>();
    for (const entry of this.loaded()) ages.set(entry.touched, (ages.get(entry.touched) ?? 0) + 1);
    let excess = this.#count - kept;
    for (const age of [...ages.keys()].toSorted((a, b) => a - b)) {
      if (excess <= 0) return;
      excess -= this.#evictAge(age, excess);
    }
  }

  #evictAge(age: number, atMost: number): number {
    let n = 0;
    for (const [bucket, entries] of this.#buckets) {
      for (const entry of entries.values()) {
        if (entry.touched !== age || n >= atMost) continue;
        entries.delete(entry.key);
        entry.held = false;
        this.#spilled.add(bucket);
        n++;
      }
      if (entries.size === 0) this.#forgetBucket(bucket);
    }
    this.#count -= n;
    return n;
  }
}
