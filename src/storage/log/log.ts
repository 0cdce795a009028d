/**
 * The log: every accepted event, in order per (topic, partition), durable before it is
 * acknowledged, with the ledger and the quarantine in the same commits. The unit is a batch.
 */

/** Rows of one (topic, partition) that wait for offsets. */
export interface PendingBatch {
  readonly topic: string;
  readonly partition: number;
  /** Which layout the rows are in. */
  readonly layoutId: number;
  /** Concatenated RowBinary rows; `append` writes offset, received time and partition into them. */
  readonly rows: Uint8Array;
  /** Where each row starts in `rows`; ascending, one per row. */
  readonly rowStarts: Uint32Array;
  /** Event time of each row, ms. */
  readonly times: Float64Array;
  /** Identity hashes, three words a row; absent where the rows aren't deduplicated. */
  readonly ids?: Uint32Array | undefined;
}

/** Where one pending batch went: `[baseOffset, endOffset)`, even if it was split. */
export interface Appended {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
  readonly endOffset: number;
}

/** What became of an event, as the ledger counts it. `in` is counted by the door. */
export type LedgerStatus = "in" | "accepted" | "duplicate" | "quarantined" | "refused";

/**
 * Events to count in the minute of the commit. `accepted` and `quarantined` are counted by the log
 * itself, from what it stores, so that the ledger can't disagree with it.
 */
export interface PendingCount {
  readonly topic: string;
  readonly status: "in" | "duplicate" | "refused";
  readonly reason?: string | undefined;
  /** Protocol or file the events came by. */
  readonly source?: string | undefined;
  readonly n: number;
}

/** One event that broke a rule, with every byte it came with. */
export interface PendingQuarantine {
  readonly topic: string;
  readonly reason: string;
  readonly field?: string | undefined;
  readonly rule?: string | undefined;
  readonly eventId?: string | undefined;
  readonly bytes: Uint8Array;
  readonly source?: string | undefined;
}

/** Everything that becomes durable together. */
export interface LogCommit {
  readonly batches: readonly PendingBatch[];
  readonly counts?: readonly PendingCount[];
  readonly quarantine?: readonly PendingQuarantine[];
  /** From `stamp()`, where the caller needed it before the append; otherwise taken now. */
  readonly receivedAt?: number;
}

export interface CommitResult {
  readonly receivedAt: number;
  /** One per pending batch, in their order. */
  readonly appended: readonly Appended[];
}

/** A stored batch. A heartbeat has no rows and takes one offset. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
  readonly endOffset: number;
  readonly count: number;
  readonly kind: "events" | "heartbeat";
  readonly layoutId: number;
  readonly firstReceivedAt: number;
  readonly lastReceivedAt: number;
  /** Least and greatest event time, ms; of a heartbeat its received time. */
  readonly minTime: number;
  readonly maxTime: number;
  readonly rows: Uint8Array;
  /** `batchCrc` of the header and the rows. */
  readonly crc: number;
}

export interface PartitionEnd {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the first batch that is still there; `end` when there is none. */
  readonly start: number;
  /** Offset that the next event gets. */
  readonly end: number;
}

export interface ReaderPosition {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read: everything before it is done with. */
  readonly offset: number;
}

/** What is absent bounds nothing. */
export interface RetentionBounds {
  readonly olderThanMs?: number;
  readonly bytesMax?: number;
  /** How long the quarantine's events are kept, and the ledger's minutes after their end. */
  readonly quarantineOlderThanMs?: number;
  readonly ledgerOlderThanMs?: number;
}

export interface TrimResult {
  readonly batchesRemoved: number;
  readonly bytesRemoved: number;
  /** Bytes of batches that are left. */
  readonly bytes: number;
  readonly quarantinedRemoved: number;
  readonly ledgerRowsRemoved: number;
  /** More could be removed now: call again. */
  readonly more: boolean;
  /** The reader that kept something from being removed, and where it stands. */
  readonly heldBack?: { readonly reader: string } & ReaderPosition;
}

/** The log's writer: one at a time for a data folder (`STORAGE_LOCKED` for a second). */
export interface LogWriterPort {
  /** Creates a topic, or checks its partition count, which is fixed (`CONFIG_INVALID`). */
  ensureTopic(topic: string, partitions: number): void;
  partitionsOf(topic: string): number;
  /** The received time of a commit that begins now; never less than any before it. */
  stamp(): number;
  /**
   * Makes everything in `commit` durable at once, or nothing. When it returns, file and folder are
   * synced. Throws `STORAGE_FULL` (nothing changed, may be tried again), or `STORAGE_FAILED` (the
   * disk failed: reopen).
   */
  append(commit: LogCommit): CommitResult;
  /** Appends a heartbeat to every partition of every topic; gives its received time. */
  heartbeat(): number;
  setPositions(reader: string, positions: readonly ReaderPosition[]): void;
  positions(reader: string): ReaderPosition[];
  ends(): PartitionEnd[];
  /**
   * Removes the oldest batches that are too old or too many, never one that a required reader has
   * not read, and what is too old of quarantine and ledger. Bounded work: call again while `more`.
   */
  trim(bounds: RetentionBounds): TrimResult;
  /** A random secret of this log, made when first asked for. */
  secret(name: string, bytes: number): Uint8Array;
  close(): void;
}

export interface ReadRequest {
  readonly topic: string;
  readonly partition: number;
  /** Any offset of the first batch to read. */
  readonly from: number;
  /** Bytes of rows after which no further batch is read; one is always given. */
  readonly bytesMax?: number;
  /** The reader wants nothing from there on: a log whose batches aren't fixed cuts the last one. */
  readonly to?: number;
}

export interface LedgerQuery {
  /** ms; minutes whose start is in `[from, to)`. */
  readonly from: number;
  readonly to: number;
  readonly topic?: string | undefined;
}

export interface LedgerRow {
  readonly topic: string;
  /** Only of accepted events; otherwise null. */
  readonly partition: number | null;
  /** Start of the minute, ms. */
  readonly minute: number;
  readonly status: LedgerStatus;
  readonly reason: string;
  readonly source: string;
  readonly n: number;
}

export interface QuarantineQuery {
  readonly topic?: string | undefined;
  readonly reason?: string | undefined;
  readonly eventId?: string | undefined;
  readonly limit?: number | undefined;
  /** `id` of the last one seen; ascending from there. */
  readonly after?: number | undefined;
}

export interface Quarantined {
  readonly id: number;
  readonly topic: string;
  readonly receivedAt: number;
  readonly reason: string;
  readonly field: string | null;
  readonly rule: string | null;
  readonly eventId: string | null;
  readonly bytes: Uint8Array;
  readonly source: string;
}

/** Where one event is: the row with index `index` of the batch that contains `offset`. */
export interface EventPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly index: number;
  readonly receivedAt: number;
}

/** The log's reader: any number, in any thread or process, beside the writer. */
export interface LogReader {
  /**
   * Batches from the one that contains `from`; none at the end. `STORAGE_CORRUPT` names a batch
   * that doesn't match its checksum, `OFFSET_TRIMMED` an offset that retention has removed.
   */
  read(request: ReadRequest): Batch[];
  ends(): PartitionEnd[];
  /** Whether anything was committed since the last call (the first gives true); cheap. */
  changed(): boolean;
  topics(): { readonly topic: string; readonly partitions: number }[];
  /** Per partition the greatest received time in it; -Infinity where there is nothing yet. */
  progress(topic: string): number[];
  positions(reader: string): ReaderPosition[];
  ledger(query: LedgerQuery): LedgerRow[];
  quarantined(query: QuarantineQuery): Quarantined[];
  /** The event with this identity hash, given its received time (from the gate's index). */
  locate(hash: Uint32Array, receivedAt: number): EventPlace | undefined;
  close(): void;
}
