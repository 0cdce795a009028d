import { loadavg } from "node:os";
import shop from "../../examples/shop/pipeline.ts";
import { differences } from "./compare-rows.ts";
import type { BenchPlace } from "./bench-place.ts";
import { ownName } from "./own-name.ts";
import type { Pair, SideRun } from "./side.ts";

/** What the runs of a pair gave, in turns. */
export interface PairRuns {
  readonly pair: Pair;
  readonly events: number;
  readonly ours: readonly SideRun[];
  readonly byHand: readonly SideRun[];
  /** What each takes where there is nothing to read. */
  readonly oursEmpty: SideRun;
  readonly byHandEmpty: SideRun;
  /** The machine's load average (one minute) after each run. */
  readonly loadAverages: readonly number[];
}

export interface RunPairOptions {
  readonly place: BenchPlace;
  /** The same place with an input that has heartbeats only. */
  readonly emptyPlace: BenchPlace;
  readonly events: number;
  readonly runs: number;
  readonly progress: (text: string) => void;
}

/** Runs both sides in turns. Throws where they don't give the same rows. */
export async function runPair(pair: Pair, options: RunPairOptions): Promise<PairRuns> {
  const { place, emptyPlace, events, runs, progress } = options;
  const metric = shop.plan.metrics.find(({ name }) => name === pair.metric)!;
  const prefixed = (): string => ownName(place.input);
  const oursEmpty = await pair.ours.run(emptyPlace, metric, prefixed());
  const byHandEmpty = await pair.byHand.run(emptyPlace, metric, prefixed());
  const ours: SideRun[] = [];
  const byHand: SideRun[] = [];
  const loadAverages: number[] = [];
  for (let run = 1; run <= runs; run++) {
    ours.push(await pair.ours.run(place, metric, prefixed()));
    loadAverages.push(loadavg()[0]!);
    byHand.push(await pair.byHand.run(place, metric, prefixed()));
    loadAverages.push(loadavg()[0]!);
    const [left, right] = [ours.at(-1)!, byHand.at(-1)!];
    const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
    progress(
      `${pair.metric} ${run}/${runs}: CPU ${seconds(left.workMs)} s + ${seconds(left.compilingMs)} s, by hand ${seconds(right.workMs)} s + ${seconds(right.compilingMs)} s`,
    );
    const different = differences(metric, left.rows, right.rows);
    if (different.length === 0 && left.rows.length > 0) continue;
    const some = different.slice(0, 5).join("\n");
    throw new Error(`${pair.metric}: ${different.length} rows differ, such as\n${some}`);
  }
  return { pair, events, ours, byHand, oursEmpty, byHandEmpty, loadAverages };
}
