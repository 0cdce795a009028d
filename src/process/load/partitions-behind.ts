import type { LogReader } from "../../storage/log/log.ts";

/** A partition that a reader has not read to its end. */
export interface PartitionBehind {
  readonly partition: number;
  /** The next offset to read. */
  readonly from: number;
  /** The log's end. */
  readonly end: number;
}

export interface Behind {
  readonly partitions: readonly PartitionBehind[];
  /** How far the reader is behind, in offsets and in time since the oldest was received. */
  lag(nowMs: number): { readonly lagRecords: number; readonly lagMs: number };
}

/** What of a topic a reader with these positions has still to read (from the start, if unset). */
export function partitionsBehind(
  log: Pick<LogReader, "ends" | "read">,
  topic: string,
  positionOf: (partition: number) => number | undefined,
): Behind {
  const partitions = log
    .ends()
    .filter((end) => end.topic === topic)
    .map(({ partition, start, end }) => ({ partition, from: positionOf(partition) ?? start, end }))
    .filter(({ from, end }) => from < end);
  const oldest = (): number =>
    Math.min(...partitions.map(({ partition, from }) => receivedAt(log, topic, partition, from)));
  return {
    partitions,
    lag: (nowMs) => ({
      lagRecords: partitions.reduce((sum, { from, end }) => sum + end - from, 0),
      lagMs: partitions.length === 0 ? 0 : Math.max(0, nowMs - oldest()),
    }),
  };
}

/** Received time of the batch at an offset, ms. */
export function receivedAt(
  log: Pick<LogReader, "ends" | "read">,
  topic: string,
  partition: number,
  from: number,
): number {
  const [batch] = log.read({ topic, partition, from, bytesMax: 1 });
  return batch?.firstReceivedAt ?? Infinity;
}
