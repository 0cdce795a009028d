import { compileRows } from "../../language/compile/javascript/compile-rows.ts";
import type { Layout } from "../../language/schema/layout.ts";
import type { Batch } from "../../storage/log/log.ts";

/** Events of batches by the minute they were received in (its start, ms); heartbeats are none. */
export function countMinutes(
  batches: readonly Batch[],
  layoutOf: (layoutId: number) => Layout,
): Map<number, number> {
  const counts = new Map<number, number>();
  const add = (receivedAt: number, n: number): void => {
    const minute = receivedAt - (receivedAt % MINUTE_MS);
    counts.set(minute, (counts.get(minute) ?? 0) + n);
  };
  for (const { kind, count, rows, layoutId, firstReceivedAt, lastReceivedAt } of batches) {
    if (kind === "heartbeat") continue;
    if (Math.floor(firstReceivedAt / MINUTE_MS) === Math.floor(lastReceivedAt / MINUTE_MS)) {
      add(firstReceivedAt, count);
      continue;
    }
    const walker = compileRows(layoutOf(layoutId), []);
    for (let at = 0; at < rows.length;) {
      at = walker.run(rows, at);
      add(walker.receivedAt(), 1);
    }
  }
  return counts;
}

const MINUTE_MS = 60_000;
