import { LIMITS } from "../core/limits.ts";
import type { DoorBatch } from "./door-batch.ts";
import { FATE } from "./outcome.ts";
import { turn } from "./validate-body.ts";

/**
 * Finishes the staged rows of a batch: derived columns, lookups, rules, and the rows of derived
 * topics. `raw` gives the bytes that an event came with.
 */
export async function deriveBatch(
  batch: DoorBatch,
  raw: (eventIndex: number) => Uint8Array,
): Promise<void> {
  let done = 0;
  for (const { input, stage, sink } of batch.staged()) {
    for (let row = 0; row < stage.rows; row++) {
      const broken = input.finisher.finish(stage, row, sink, batch.ruleCounts);
      if (broken !== undefined) {
        const index = stage.eventAt[row]!;
        const eventId = input.finisher.idOf(stage, row);
        const more = { rule: broken.rule, eventId };
        batch.reject(index, FATE.quarantined, input.name, broken, raw(index), more);
      }
      if (++done % LIMITS.turnEventsMax === 0) await turn();
    }
  }
  batch.deriveStreams();
}
