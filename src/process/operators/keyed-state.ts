import type { TextWriter } from "./text-writer.ts";

/** No slot: a small integer like the slots, for which each entry's field needs no box of its own. */
export const UNSCHEDULED = -(2 ** 30);

/**
 * One thing that an operator keeps: a group in a pane, the sessions of a key, the history of a key.
 * `held`, `dirty`, `apart`, `touched` and `scheduledAt` belong to the state, not to the operator.
 */
export abstract class Entry {
  /** Start of a pane, ms; 0 where an operator has one entry a key. */
  readonly bucket: number;
  readonly key: string;
  /** In the state's memory: `get` would give this very entry. */
  held = false;
  /** Changed since the last `settle`. */
  dirty = false;
  /** The store has it, as it is, in a row of its own. */
  apart = false;
  /** Number of the settle before which it was last asked for. */
  touched = 0;
  /** The calendar slot that it waits in, or `UNSCHEDULED`. */
  scheduledAt = UNSCHEDULED;

  constructor(bucket: number, key: string) {
    this.bucket = bucket;
    this.key = key;
  }

  /** Progress (received time, ms) at which the operator wants it from `due`; Infinity: never. */
  get due(): number {
    return Infinity;
  }
}

/** How entries become text, without line breaks, and come back. */
export interface EntryCodec<E extends Entry> {
  encode(entry: E, writer: TextWriter): void;
  decode(bucket: number, key: string, text: string): E;
}

/**
 * The state of one operator, by (bucket, key). An entry that was given out may be changed, if `touch`
 * is called, while it is `held`; when it no longer is, ask again.
 */
export interface KeyedState<E extends Entry> {
  get(bucket: number, key: string): E | undefined;
  /** Takes a new entry; if it has a `due` already, call `schedule`. */
  add(entry: E): void;
  /** Says that an entry has changed. */
  touch(entry: E): void;
  /** Says that an entry's `due` may have come nearer; that it went further away needn't be said. */
  schedule(entry: E): void;
  remove(entry: E): void;
  /** Removes all entries of a bucket. */
  removeBucket(bucket: number): void;
  /** Buckets below `to` that have entries, ascending. */
  buckets(to: number): number[];
  /** Every entry of a bucket, in no order. */
  entriesOf(bucket: number): Iterable<E>;
  /** Every entry with `due` ≤ `until`, in no order. */
  due(until: number): E[];
  /** Entries that changed since the last `settle`, in no order. */
  changed(): readonly E[];
  /** Entries in memory, in no order. */
  loaded(): Iterable<E>;
  /** Everything so far is kept safe (or needn't be). */
  settle(): void;
}
