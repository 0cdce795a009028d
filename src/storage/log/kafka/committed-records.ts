/** What a fetch with `read_committed` tells of one batch of records. */
export interface FetchedBatch {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
  readonly isTransactional: boolean;
  /** Of a control batch what it marks; undefined for a batch of records. */
  readonly marker: "abort" | "commit" | undefined;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/**
 * The batches whose records were committed. The broker hands out records of aborted transactions
 * too and lists where each began; a producer's transaction ends at its next abort marker. (KIP-98;
 * a client must leave them out itself.)
 */
export function committedBatches<B extends FetchedBatch>(
  batches: readonly B[],
  aborted: readonly AbortedTransaction[],
): readonly B[] {
  const waiting = aborted.toSorted((left, right) => compare(left.firstOffset, right.firstOffset));
  const open = new Set<bigint>();
  let next = 0;
  return batches.filter((batch) => {
    while (next < waiting.length && waiting[next]!.firstOffset <= batch.firstOffset) {
      open.add(waiting[next++]!.producerId);
    }
    if (batch.marker !== undefined) {
      if (batch.marker === "abort") open.delete(batch.producerId);
      return false;
    }
    return !(batch.isTransactional && open.has(batch.producerId));
  });
}

const compare = (left: bigint, right: bigint): number => (left < right ? -1 : left > right ? 1 : 0);
