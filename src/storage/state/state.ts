/**
 * What a stream worker must not lose: operators' entries, positions, what is to be amended, and
 * rows that wait to be published. Everything of one commit becomes durable together, or nothing.
 */
import type { ReaderPosition } from "../log/log.ts";

/** One entry of an operator's state. */
export interface StoredEntry {
  readonly bucket: number;
  readonly key: string;
  /** Progress at which the operator wants it; null: never. */
  readonly due: number | null;
  readonly text: string;
}

/** Who keeps entries: one meaning of one metric or anomaly. */
export interface StoredOperator {
  readonly id: number;
  /** Unique; another meaning has another name. */
  readonly name: string;
  /** From when on it saw every event, ms; null: from the beginning. */
  readonly sinceMs: number | null;
  /** What it keeps beside its entries, as JSON. */
  readonly own: string;
}

/** What an operator wrote about entries of a bucket; its later records say what is new. */
export interface JournalRecord {
  readonly bucket: number;
  readonly text: string;
}

/**
 * Changes of one operator's state. Entries that may be asked for one by one are put; what their
 * owner keeps in memory anyway, and wants back whole after a restart, is cheaper in a journal.
 * Removals come before what is put or written.
 */
export interface OperatorChange {
  readonly operator: number;
  readonly own: string;
  /** Added to the journals. */
  readonly written: readonly JournalRecord[];
  /** Buckets whose journals begin anew with `written`. */
  readonly rewritten: readonly number[];
  readonly put: readonly StoredEntry[];
  readonly removed: readonly { readonly bucket: number; readonly key: string }[];
  /** With their journals. */
  readonly removedBuckets: readonly number[];
}

/** Late, imported or misplaced events of an hour in a partition, to be amended. */
export interface TouchedRecord {
  readonly topic: string;
  readonly partition: number;
  /** Start of the hour, ms. */
  readonly hour: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly n: number;
}

/** Output that waits to be published. */
export interface OutboxMessage {
  /** Grows; publish in its order. */
  readonly id: number;
  /** What it is for: such as the name of a metric's operator. */
  readonly target: string;
  readonly text: string;
}

/** Everything that becomes durable together. */
export interface StateCommit {
  readonly operators: readonly OperatorChange[];
  readonly positions: readonly ReaderPosition[];
  /** Per topic, as JSON: how far each partition was read, in received time. */
  readonly progress: readonly { readonly topic: string; readonly text: string }[];
  /** Added to what is recorded of the same hour and partition. */
  readonly touched: readonly TouchedRecord[];
  readonly outbox: readonly Omit<OutboxMessage, "id">[];
}

/** The state of one worker; one at a time uses it. */
export interface StateStore {
  /** Random text made with the store: ids of another store's messages are other messages. */
  readonly epoch: string;

  operators(): StoredOperator[];
  addOperator(name: string, sinceMs: number | null): StoredOperator;
  /** Removes operators, with their entries, except these. */
  keepOperators(names: readonly string[]): void;

  entry(operator: number, bucket: number, key: string): StoredEntry | undefined;
  entriesOf(operator: number, bucket: number): Iterable<StoredEntry>;
  /** Ascending. */
  buckets(operator: number): number[];
  /** Entries with `due` ≤ `until`. */
  due(operator: number, until: number): Iterable<StoredEntry>;

  /** All records of an operator's journals, in the order in which they were written. */
  journal(operator: number): Iterable<JournalRecord>;

  positions(): ReaderPosition[];
  progress(topic: string): string | undefined;

  /** Durable when it returns. */
  commit(commit: StateCommit): void;

  touched(): TouchedRecord[];
  /** Removes records, except those that grew since they were read (`lastOffset`). */
  clearTouched(
    records: readonly Pick<TouchedRecord, "topic" | "partition" | "hour" | "lastOffset">[],
  ): void;

  /** The oldest messages. */
  outbox(limit: number): OutboxMessage[];
  /** Removes messages up to this one. */
  published(id: number): void;

  close(): void;
}
