import type { AppendResult } from "../storage/log/append-request.ts";
import type { DoorBatch } from "./door-batch.ts";
import { FATE, FATE_NAMES } from "./outcome.ts";

/** How many events of a request met which fate, in the order of `FATE`. */
export type Tally = readonly [
  accepted: number,
  duplicate: number,
  quarantined: number,
  refused: number,
];

export interface BatchAnswer {
  readonly tally: Tally;
  /** Per event, as JSON text: `{"event_id","status","reason"?,"field"?,"message"?,"hint"?}`. */
  readonly results: readonly string[];
}

/** What became of each event of a batch. */
export function answerBatch(batch: DoorBatch, appended: AppendResult): BatchAnswer {
  const tally: [number, number, number, number] = [0, 0, 0, 0];
  const results: string[] = [];
  for (const [index, place] of batch.places().entries()) {
    if (place === undefined) continue;
    const isDuplicate = appended.sets[place.set]?.status[place.setRow] === 1;
    tally[isDuplicate ? FATE.duplicate : FATE.accepted]++;
    const id = JSON.stringify(place.input.finisher.idOf(place.stage, place.row));
    results[index] = `{"event_id":${id},"status":"${isDuplicate ? "duplicate" : "accepted"}"}`;
  }
  for (const { index, fate, problem, eventId, rule } of batch.rejected) {
    tally[fate]++;
    results[index] = JSON.stringify({
      event_id: eventId ?? null,
      status: FATE_NAMES[fate],
      reason: problem.code,
      field: problem.field,
      rule,
      message: problem.message,
      hint: problem.hint,
    });
  }
  return { tally, results };
}

/** The body of a native answer (design §7). */
export function nativeAnswer({ tally, results }: BatchAnswer): string {
  const [accepted, duplicate, quarantined, refused] = tally;
  const counts = `"accepted":${accepted},"duplicate":${duplicate},"quarantined":${quarantined},"refused":${refused}`;
  return `{${counts},"results":[${results.join(",")}]}`;
}
