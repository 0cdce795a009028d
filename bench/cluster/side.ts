import type { EngineName } from "../../engines/engine.ts";
import type { MetricRow } from "../../src/language/plan/metric-row.ts";
import type { MetricNode } from "../../src/language/plan/nodes.ts";
import type { BenchPlace } from "./bench-place.ts";

/** One of two programs that compute the same. */
export interface Side {
  /** Runs it over the whole input; `prefix` begins the names of everything that it makes. */
  run(place: BenchPlace, metric: MetricNode, prefix: string): Promise<SideRun>;
}

/** What one run took. */
export interface SideRun {
  /** CPU time of the engine's process, ms, but for `compilingMs`. */
  readonly workMs: number;
  /** CPU time in which Java compiled the program: the same for few events as for many. */
  readonly compilingMs: number;
  readonly wallMs: number;
  /** Records that it wrote. */
  readonly written: number;
  /** The newest rows. */
  readonly rows: readonly MetricRow[];
}

/** A metric on an engine, by our compiler and by hand. */
export interface Pair {
  readonly metric: string;
  readonly engine: string;
  /** What must run for it. */
  readonly needs: readonly EngineName[];
  readonly ours: Side;
  readonly byHand: Side;
}
