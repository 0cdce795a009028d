import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../src/core/clock.ts";
import { openEmbeddedLogReader } from "../../src/storage/log/embedded/embedded-log-reader.ts";
import type { ReaderPosition } from "../../src/storage/log/log.ts";

/** When each reader of the log had everything that was there, ms from the given start. */
export type CaughtUp = Readonly<Record<string, number>>;

const LOOK_EVERY_MS = 50;

/**
 * Waits until each reader has read a topic as far as it goes now. `STALLED_MS` without any
 * movement is an error that names the readers that are behind.
 */
export async function untilReadersCaughtUp(
  dataDir: string,
  topic: string,
  readers: readonly string[],
  { clock, startMs }: { readonly clock: Clock; readonly startMs: number },
): Promise<CaughtUp> {
  const log = openEmbeddedLogReader(dataDir);
  try {
    const ends = log.ends().filter((end) => end.topic === topic);
    const doneMs: Record<string, number> = {};
    let moved = clock.monotonicMs();
    let before = "";
    for (;;) {
      const positions = readers.map((reader) => log.positions(reader));
      for (const [index, reader] of readers.entries()) {
        if (doneMs[reader] === undefined && covers(positions[index]!, ends)) {
          doneMs[reader] = clock.monotonicMs() - startMs;
        }
      }
      const behind = readers.filter((reader) => doneMs[reader] === undefined);
      if (behind.length === 0) return doneMs;
      const now = JSON.stringify(positions);
      if (now !== before) moved = clock.monotonicMs();
      before = now;
      if (clock.monotonicMs() - moved > STALLED_MS) {
        throw new Error(`${behind.join(", ")} made no progress for ${STALLED_MS / 1_000} s`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    log.close();
  }
}

const STALLED_MS = 120_000;

const covers = (
  positions: readonly ReaderPosition[],
  ends: readonly { readonly topic: string; readonly partition: number; readonly end: number }[],
): boolean =>
  ends.every(
    ({ topic, partition, end }) =>
      end === 0 ||
      positions.some(
        (each) => each.topic === topic && each.partition === partition && each.offset >= end,
      ),
  );
