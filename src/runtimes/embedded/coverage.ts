import type { LogReader, ReaderPosition } from "../../storage/log/log.ts";

/** The next offset that a reader hasn't done of a partition; 0 where it has none. */
export const offsetIn = (
  positions: readonly ReaderPosition[],
  topic: string,
  partition: number,
): number =>
  positions.find((each) => each.topic === topic && each.partition === partition)?.offset ?? 0;

/**
 * A time such that every event received before it is done by all of these readers, ms: the least
 * received time of what one of them has yet to do.
 */
export function coveredThrough(
  log: LogReader,
  readers: readonly (readonly ReaderPosition[])[],
): number {
  let covered = Infinity;
  for (const { topic, partition, start, end } of log.ends()) {
    for (const positions of readers) {
      const from = Math.max(offsetIn(positions, topic, partition), start);
      const [next] = from < end ? log.read({ topic, partition, from, bytesMax: 1 }) : [];
      const received = next?.firstReceivedAt ?? log.progress(topic)[partition] ?? -Infinity;
      covered = Math.min(covered, received);
    }
  }
  return covered;
}
