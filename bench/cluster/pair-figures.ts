import { table } from "../report.ts";
import { median } from "./median.ts";
import type { PairRuns } from "./run-pair.ts";
import type { SideRun } from "./side.ts";

/** What ours may cost at most, as a multiple of what is written by hand. */
export const RATIO_MOST = 1.5;

/** The figures of a pair; CPU times in µs an event. */
export interface PairFigures {
  readonly metric: string;
  readonly engine: string;
  readonly events: number;
  readonly rows: number;
  readonly ours: Spread;
  readonly byHand: Spread;
  /** Of the medians, without what Java compiles, and without what an empty run takes. */
  readonly ratio: number;
  /** Of the medians of the whole processes, with everything. */
  readonly wholeRatio: number;
  readonly isMet: boolean;
}

interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** Of an empty run, ms. */
  readonly emptyMs: number;
  /** Of the whole process, Java's compilers included, ms. */
  readonly wholeMs: number;
  readonly compilingMs: number;
  readonly wallMs: number;
  readonly written: number;
}

export function pairFigures({ pair, events, ...runs }: PairRuns): PairFigures {
  const ours = spreadOf(runs.ours, runs.oursEmpty, events);
  const byHand = spreadOf(runs.byHand, runs.byHandEmpty, events);
  const ratio = ours.median / byHand.median;
  return {
    metric: pair.metric,
    engine: pair.engine,
    events,
    rows: runs.ours[0]!.rows.length,
    ours,
    byHand,
    ratio,
    wholeRatio: ours.wholeMs / byHand.wholeMs,
    isMet: ratio <= RATIO_MOST,
  };
}

function spreadOf(runs: readonly SideRun[], empty: SideRun, events: number): Spread {
  const perEvent = runs.map(({ workMs }) => ((workMs - empty.workMs) * 1_000) / events);
  return {
    median: median(perEvent),
    least: Math.min(...perEvent),
    most: Math.max(...perEvent),
    emptyMs: empty.workMs,
    wholeMs: median(runs.map(({ workMs, compilingMs }) => workMs + compilingMs)),
    compilingMs: median(runs.map(({ compilingMs }) => compilingMs)),
    wallMs: median(runs.map(({ wallMs }) => wallMs)),
    written: median(runs.map(({ written }) => written)),
  };
}

/** The figures of a pair as a table. */
export function pairText(figures: PairFigures): string {
  const { metric, engine, events, rows, ours, byHand, ratio, wholeRatio, isMet } = figures;
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  const row = (name: string, of: (side: Spread) => string): readonly string[] => [
    name,
    of(ours),
    of(byHand),
  ];
  return table([
    [`${metric} on ${engine}, ${events.toLocaleString("en")} events`, "ours", "by hand"],
    row("CPU, µs an event, median", ({ median: us }) => us.toFixed(1)),
    row("  least, most", ({ least, most }) => `${least.toFixed(1)}, ${most.toFixed(1)}`),
    row("an empty run, s (subtracted above)", ({ emptyMs }) => seconds(emptyMs)),
    row("Java's compilers, s (not in it)", ({ compilingMs }) => seconds(compilingMs)),
    row("the whole process, s of CPU", ({ wholeMs }) => seconds(wholeMs)),
    row("wall time, s", ({ wallMs }) => seconds(wallMs)),
    row("records written", ({ written }) => written.toLocaleString("en")),
    ["rows, the same on both sides", rows.toLocaleString("en"), ""],
    [
      `${isMet ? "✓" : "✗"} ours / by hand (required ≤ ${RATIO_MOST} ×)`,
      `${ratio.toFixed(2)} ×`,
      "",
    ],
    ["of the whole processes", `${wholeRatio.toFixed(2)} ×`, ""],
  ]);
}
