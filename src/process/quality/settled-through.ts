import type { LogReader, ReaderPosition } from "../../storage/log/log.ts";

/**
 * Up to which received time a reader has taken everything of a partition, exclusive, ms: the
 * received time of the first batch that it has not read, `Infinity` at the log's end.
 */
export function settledThrough(
  log: LogReader,
  topic: string,
  partition: number,
  positions: readonly ReaderPosition[],
): number {
  const end = log.ends().find((each) => each.topic === topic && each.partition === partition);
  if (end === undefined || end.end === end.start) return Infinity;
  const position = positions.find((each) => each.topic === topic && each.partition === partition);
  const from = Math.max(position?.offset ?? 0, end.start);
  if (from >= end.end) return Infinity;
  return log.read({ topic, partition, from, bytesMax: 1 })[0]?.firstReceivedAt ?? Infinity;
}
