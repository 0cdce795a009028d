import type { PendingCount, PendingQuarantine } from "./log.ts";

/** Encoded rows of one topic in one request, in the order they came. */
export interface RowSet {
  readonly topic: string;
  readonly layoutId: number;
  /** Concatenated RowBinary rows. */
  readonly rows: Uint8Array;
  /** Where each row starts; row i ends where row i + 1 starts, the last at `rows.length`. */
  readonly rowStarts: Uint32Array;
  /** Event times, ms. */
  readonly times: Float64Array;
  /** `murmur2` of each row's key. */
  readonly partitionHash: Int32Array;
  /** Identity hashes, three words a row; absent: these rows aren't deduplicated. */
  readonly hashes?: Uint32Array | undefined;
  /**
   * Rows derived from rows of an earlier set: a row is dropped when its parent is a duplicate.
   * `rows[i]` is the parent's index, -1 for none.
   */
  readonly parent?: { readonly set: number; readonly rows: Int32Array } | undefined;
}

/**
 * One request: it is durable as a whole, in one commit, or not at all. The log has copied what it
 * needs of the typed arrays when `append` returns.
 */
export interface AppendRequest {
  readonly sets: readonly RowSet[];
  readonly counts?: readonly PendingCount[];
  readonly quarantine?: readonly PendingQuarantine[];
  /** Protocol or file; the ledger counts duplicates by it. */
  readonly source?: string | undefined;
}

/** Each row's fate, in the order of the set. */
export interface AppendedSet {
  /** 0 accepted, 1 duplicate (or derived from one). */
  readonly status: Uint8Array;
  /** Offset of each row; of a duplicate -1. */
  readonly offsets: Float64Array;
  readonly partitions: Uint16Array;
}

export interface AppendResult {
  readonly receivedAt: number;
  readonly sets: readonly AppendedSet[];
}

/** Bytes that a request takes while it waits. */
export function requestBytes(request: AppendRequest): number {
  let bytes = 0;
  for (const { rows, rowStarts, hashes, parent } of request.sets) {
    bytes += rows.byteLength + rowStarts.length * 16 + (hashes?.byteLength ?? 0);
    bytes += parent?.rows.byteLength ?? 0;
  }
  for (const item of request.quarantine ?? []) bytes += item.bytes.byteLength;
  return bytes;
}

/** A request that keeps its rows when the memory of the first is used for others. */
export const copyOf = (request: AppendRequest): AppendRequest => ({
  ...request,
  sets: request.sets.map((set) => ({
    ...set,
    rows: Uint8Array.from(set.rows),
    rowStarts: set.rowStarts.slice(),
    times: set.times.slice(),
    partitionHash: set.partitionHash.slice(),
    hashes: set.hashes?.slice(),
    parent: set.parent && { ...set.parent, rows: set.parent.rows.slice() },
  })),
});

/** What is wrong with the shape of a request; a defect of the caller. */
export function requestDefect(request: AppendRequest): string | undefined {
  for (const [number, set] of request.sets.entries()) {
    const count = set.rowStarts.length;
    const lengths = [set.times.length, set.partitionHash.length, set.parent?.rows.length ?? count];
    if (set.hashes !== undefined) lengths.push(set.hashes.length / 3);
    if (lengths.some((length) => length !== count)) return `set ${number}: lengths disagree`;
    if (count > 0 && set.rowStarts[0] !== 0) return `set ${number}: rows don't start at 0`;
    if (count > 0 && set.rowStarts[count - 1]! + 18 > set.rows.length) {
      return `set ${number}: rows end too early`;
    }
    if (set.parent !== undefined && set.hashes !== undefined) {
      return `set ${number}: derived rows follow their parents and have no identity`;
    }
    if (set.parent !== undefined && !(set.parent.set >= 0 && set.parent.set < number)) {
      return `set ${number}: its parent isn't before it`;
    }
  }
  return undefined;
}
