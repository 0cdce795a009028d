import { Calendar } from "../operators/calendar.ts";
import { textOf } from "../operators/text-of.ts";
import type { Entry, EntryCodec, KeyedState } from "../operators/keyed-state.ts";
import type { OperatorChange, StateStore, StoredEntry } from "../../storage/state/state.ts";
import { EntryJournal } from "./entry-journal.ts";

/** Part of the bound that is left in memory after an eviction, so that they are rare. */
const KEPT_PART = 0.75;

/**
 * An operator's state, of which at most so many entries stay in memory. Of those the store has a
 * journal, which is read whole at a restart. The ones beyond the bound, not asked for the longest,
 * leave memory with a commit that gives them rows of their own, and are read back when asked for.
 * Entries that are made between commits are above the bound; so may be those of a window that
 * closes. A new instance over the same store is a restart.
 */
export class SpillingState<E extends Entry> implements KeyedState<E> {
  readonly #store: StateStore;
  readonly #operator: number;
  readonly #codec: EntryCodec<E>;
  readonly #entriesMax: number;
  readonly #buckets = new Map<number, Map<string, E>>();
  readonly #calendar = new Calendar<E>();
  readonly #journal: EntryJournal<E>;
  /** Buckets with rows in the store. */
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
  /** Entries that leave memory when the commit under way is done. */
  #leaving: readonly E[] = [];

  constructor(store: StateStore, operator: number, codec: EntryCodec<E>, entriesMax: number) {
    this.#store = store;
    this.#operator = operator;
    this.#codec = codec;
    this.#entriesMax = entriesMax;
    this.#journal = new EntryJournal(codec);
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
    entry.apart = false;
    entry.touched = this.#age;
    if (!entry.dirty) {
      entry.dirty = true;
      this.#changed.push(entry);
    }
  }

  schedule(entry: E): void {
    this.#calendar.schedule(entry);
  }

  remove(entry: E): void {
    const { bucket, key } = entry;
    const entries = this.#buckets.get(bucket);
    if (entries?.delete(key) === true) this.#count--;
    entry.held = false;
    if (entries?.size === 0) this.#forgetBucket(bucket);
    this.#journal.forget(bucket, key);
    if (this.#stored.has(bucket)) this.#removed.set(`${bucket} ${key}`, { bucket, key });
  }

  removeBucket(bucket: number): void {
    const entries = this.#buckets.get(bucket);
    this.#count -= entries?.size ?? 0;
    for (const entry of entries?.values() ?? []) entry.held = false;
    this.#forgetBucket(bucket);
    if (!this.#stored.delete(bucket) && !this.#journal.has(bucket)) return;
    this.#journal.forgetBucket(bucket);
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

  /** What the next commit has to store; nothing else may happen before `settle`. */
  change(own: string): OperatorChange {
    this.#leaving = this.#count > this.#entriesMax ? this.#coldest() : [];
    for (const entry of this.#leaving) this.#letGo(entry);
    return {
      operator: this.#operator,
      own,
      put: this.#leaving.filter((entry) => !entry.apart).map((entry) => this.#row(entry)),
      ...this.#journal.change(this.changed(), (bucket) => this.#buckets.get(bucket) ?? NONE),
      removed: [...this.#removed.values()],
      removedBuckets: [...this.#removedBuckets],
    };
  }

  /** Call after the commit of `change`. */
  settle(): void {
    for (const entry of this.#changed) entry.dirty = false;
    this.#changed = [];
    this.#leaving = [];
    this.#removed.clear();
    this.#removedBuckets.clear();
    this.#age++;
  }

  /** All that the journal has, which was in memory before, and the newest rows, if there is room. */
  #warm(): void {
    for (const entry of this.#journal.replay(this.#store, this.#operator)) this.#keep(entry);
    const most = Math.floor(this.#entriesMax * KEPT_PART);
    for (const bucket of [...this.#stored].toSorted((a, b) => b - a)) {
      for (const stored of this.#store.entriesOf(this.#operator, bucket)) {
        if (this.#count >= most) return;
        if (this.#buckets.get(bucket)?.has(stored.key) !== true) this.#load(stored);
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
    this.#keep(entry);
    entry.apart = true;
    return entry;
  }

  /** Holds an entry that the store has. */
  #keep(entry: E): void {
    this.#hold(entry);
    this.#calendar.schedule(entry);
  }

  #isRemoved(bucket: number, key: string): boolean {
    return this.#removed.size > 0 && this.#removed.has(`${bucket} ${key}`);
  }

  #letGo(entry: E): void {
    const { bucket, key } = entry;
    const entries = this.#buckets.get(bucket)!;
    entries.delete(key);
    if (entries.size === 0) this.#forgetBucket(bucket);
    entry.held = false;
    this.#count--;
    this.#journal.forget(bucket, key);
    this.#stored.add(bucket);
    this.#spilled.add(bucket);
  }

  #row(entry: E): StoredEntry {
    const { bucket, key, due } = entry;
    return { bucket, key, due: due === Infinity ? null : due, text: textOf(this.#codec, entry) };
  }

  /** The entries above the bound that weren't asked for the longest. */
  #coldest(): E[] {
    const ages = new Map<number, number>();
    for (const entry of this.loaded()) ages.set(entry.touched, (ages.get(entry.touched) ?? 0) + 1);
    let excess = this.#count - Math.floor(this.#entriesMax * KEPT_PART);
    const leaving = new Map<number, number>();
    for (const age of [...ages.keys()].toSorted((a, b) => a - b)) {
      leaving.set(age, Math.min(ages.get(age)!, excess));
      excess -= leaving.get(age)!;
    }
    const coldest: E[] = [];
    for (const entry of this.loaded()) {
      const n = leaving.get(entry.touched)!;
      if (n <= 0) continue;
      leaving.set(entry.touched, n - 1);
      coldest.push(entry);
    }
    return coldest;
  }
}

const NONE: ReadonlyMap<string, never> = new Map<string, never>();
