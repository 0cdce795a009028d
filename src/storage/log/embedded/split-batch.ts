import type { PendingBatch } from "../log.ts";

export type BatchPart = Pick<PendingBatch, "rows" | "times" | "layoutId"> & {
  readonly ids: Uint32Array | undefined;
};

/** Cuts a batch between rows, so that no part is larger than `bytesMax` unless one row is. */
export function splitBatch(batch: PendingBatch, bytesMax: number): BatchPart[] {
  const { rows, rowStarts, times, layoutId, ids } = batch;
  const count = rowStarts.length;
  if (count === 0) return [];
  if (rows.length <= bytesMax) return [{ rows, times, layoutId, ids }];
  const parts: BatchPart[] = [];
  for (let first = 0; first < count;) {
    const start = rowStarts[first]!;
    let last = first + 1;
    while (last < count && (rowStarts[last + 1] ?? rows.length) - start <= bytesMax) last++;
    parts.push({
      rows: rows.subarray(start, rowStarts[last] ?? rows.length),
      times: times.subarray(first, last),
      layoutId,
      ids: ids?.subarray(first * 3, last * 3),
    });
    first = last;
  }
  return parts;
}
