import type { History, Step } from "../../../../conformance/history.ts";
import { topic } from "../../../../conformance/history.ts";
import type { Batch, LogReader, ReadRequest } from "../../../storage/log/log.ts";

/** A log in memory with a history in it; it shows only as much as `grow` was told. */
export interface HistoryLog extends Pick<LogReader, "read" | "ends" | "changed" | "progress"> {
  /** Lets the first `steps` steps of the history be seen. */
  grow(steps: number): void;
}

/** Batches of up to `batchSteps` steps, heartbeats apart. */
export function historyLog(history: History, batchSteps: number): HistoryLog {
  const batches: Batch[] = [];
  const partitions = Array.from({ length: history.partitions }, (_, partition) => partition);
  let seen = 0;
  const ends = partitions.map(() => 0);
  const append = (partition: number, steps: readonly Step[]): void => {
    const baseOffset = ends[partition]!;
    ends[partition] = baseOffset + steps.length;
    const rows = steps.flatMap((step) => (step.row === undefined ? [] : [step.row]));
    const received = steps.map((step) => step.receivedAt);
    batches.push({
      topic: topic.name,
      partition,
      baseOffset,
      endOffset: ends[partition],
      count: rows.length,
      kind: rows.length === 0 ? "heartbeat" : "events",
      layoutId: 1,
      firstReceivedAt: Math.min(...received),
      lastReceivedAt: Math.max(...received),
      minTime: 0,
      maxTime: 0,
      rows: Buffer.concat(rows),
      crc: 0,
    });
  };
  const grow = (until: number): void => {
    const added = history.steps.slice(seen, until);
    seen = Math.max(seen, until);
    for (const partition of partitions) {
      let waiting: Step[] = [];
      const flush = (): void => {
        if (waiting.length > 0) append(partition, waiting);
        waiting = [];
      };
      for (const step of added.filter((each) => each.partition === partition)) {
        if (step.row === undefined) {
          flush();
          append(partition, [step]);
        } else if (waiting.push(step) >= batchSteps) flush();
      }
      flush();
    }
  };
  return {
    grow,
    read: ({ partition, from, bytesMax = Infinity }: ReadRequest) => {
      const waiting = batches.filter(
        (each) => each.partition === partition && each.endOffset > from,
      );
      const taken: Batch[] = [];
      let bytes = 0;
      for (const batch of waiting) {
        if (taken.length > 0 && bytes + batch.rows.length > bytesMax) break;
        bytes += batch.rows.length;
        taken.push(batch);
      }
      return taken;
    },
    ends: () =>
      partitions.map((partition) => ({
        topic: topic.name,
        partition,
        start: 0,
        end: ends[partition]!,
      })),
    changed: () => true,
    progress: () => partitions.map(() => -Infinity),
  };
}
