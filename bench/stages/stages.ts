import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../src/core/clock.ts";
import type { BenchOptions } from "../options.ts";
import type { Yardstick } from "../runs/bare-load.ts";
import { fillIds } from "../runs/fill-ids.ts";
import { benchAppend } from "./append.ts";
import { benchDedup } from "./dedup-index.ts";
import { benchDoor } from "./door.ts";
import { benchStore } from "./store.ts";

/** Measures each stage by itself: CPU microseconds per event, by what it does. */
export async function benchStages(
  clock: Clock,
  folder: string,
  yardstick: Yardstick,
  { stageEvents, ids }: BenchOptions,
): Promise<Readonly<Record<string, number>>> {
  const door = await benchDoor(clock, stageEvents);
  const append = await benchAppend(clock, { dedup: false, events: stageEvents });
  const dir = join(mkdtempSync(join(folder, "stage-")), "ids");
  await fillIds({ dir, ids, untilMs: clock.nowMs() });
  const dedup = await benchDedup(dir, stageEvents, clock.nowMs());
  const store = await benchStore(clock, folder, yardstick, stageEvents);
  return {
    "JSON.parse of the event, to compare with": door.jsonParse,
    "door: check and transcode": door.validate,
    "door: derive, rules, identity": door.derive,
    "door: answer": door.answer,
    "dedup index, a new id": dedup.newId,
    "dedup index, a duplicate": dedup.duplicate,
    "log: append, both threads, synced": append.appendCpuUs,
    "log: read": append.readUs,
    "warehouse: insert": store.insert,
    "warehouse: insert with its cube": store.insertWithCube,
    "lake: Parquet": store.parquet,
  };
}
