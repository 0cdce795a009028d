import type { BareLoad } from "./runs/bare-load.ts";
import type { Contents } from "./runs/contents.ts";
import type { HalfLoadRun, SustainedRun } from "./runs/pipeline-run.ts";

/** Everything that one run of the benchmark measured. */
export interface Figures {
  readonly options: {
    readonly events: number;
    readonly ids: number;
    readonly users: number;
    readonly seed: number;
    readonly eventBytes: number;
  };
  /** The machine's load average (one minute) before, between and after the parts. */
  readonly loadAverages: readonly number[];
  /** CPU microseconds per event of single stages, each measured by itself. */
  readonly stages: Readonly<Record<string, number>>;
  /** The bare load before and after the pipeline's run. */
  readonly bare: readonly BareLoad[];
  readonly sustained: SustainedRun;
  readonly half: HalfLoadRun;
  /** Resident bytes of all of the runtime's processes together. */
  readonly memory: { readonly idleBytes: number; readonly peakBytes: number };
  readonly contents: {
    /** Events that were sent, and how many of them the collector accepted. */
    readonly sent: number;
    readonly expected: number;
    readonly warehouse: Contents;
    readonly lake: Contents;
  };
  readonly bytesPerEvent: Readonly<Record<"json" | "log" | "warehouse" | "lake", number>>;
  /** What the runtime said on standard error, its end. */
  readonly complaints: string;
}

/** One requirement and how it came out. */
export interface Verdict {
  readonly name: string;
  readonly value: number;
  readonly required: number;
  readonly unit: string;
  readonly isMet: boolean;
}

/** Microseconds of wall time per event of the bare load, on average. */
export const bareUs = ({ bare }: Figures): number =>
  bare.reduce((sum, { wallMs, events }) => sum + (wallMs * 1_000) / events, 0) / bare.length;

/** CPU microseconds per event of the bare load, on average. */
export const bareCpuUs = ({ bare }: Figures): number =>
  bare.reduce((sum, { cpuUs, events }) => sum + cpuUs / events, 0) / bare.length;

/** Microseconds of wall time per event of the pipeline. */
export const pipelineUs = ({ sustained, options }: Figures): number =>
  (sustained.wallMs * 1_000) / options.events;

/**
 * The pipeline's wall time over the bare load's, each without the share of its time that the host
 * gave to other machines: those shares are seldom alike. It explains a ratio; no verdict goes by it.
 */
export const ownWallRatio = ({ bare, sustained, options }: Figures): number => {
  const own = ({ wallMs, stolen }: { readonly wallMs: number; readonly stolen: number }): number =>
    wallMs * (1 - stolen);
  const perEvent = bare.reduce((sum, each) => sum + own(each) / each.events, 0) / bare.length;
  return own(sustained) / options.events / perEvent;
};

/** What is required, as ratios within the run where time is concerned. */
export function verdicts(figures: Figures): readonly Verdict[] {
  const { sustained, half, memory, contents } = figures;
  const [first] = sustained.tenths;
  const last = sustained.tenths.at(-1);
  const atMost = (name: string, value: number, required: number, unit: string): Verdict => ({
    name,
    value,
    required,
    unit,
    isMet: value <= required,
  });
  const lost = (found: { readonly rows: number; readonly ids: number }): number =>
    Math.abs(contents.expected - found.rows) + Math.abs(found.rows - found.ids);
  return [
    atMost("wall time / bare load", pipelineUs(figures) / bareUs(figures), 4, "×"),
    atMost("last tenth / first tenth", (last?.wallUs ?? NaN) / (first?.wallUs ?? NaN), 1.2, "×"),
    atMost("peak memory", memory.peakBytes / 1e6, 2_500, "MB"),
    atMost("idle memory", memory.idleBytes / 1e6, 600, "MB"),
    atMost("visible at half load, p99", half.visibility.all.p99, 1_000, "ms"),
    atMost("not once in the warehouse", lost(contents.warehouse), 0, "events"),
    atMost("not once in the lake", lost(contents.lake), 0, "events"),
  ];
}
