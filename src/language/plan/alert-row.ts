import type { Value } from "./value.ts";

/** One unusual window of one key: what an anomaly says. It is never taken back. */
export interface AlertRow {
  /** The same for the same (anomaly, its meaning, key, window start). */
  readonly id: string;
  readonly anomaly: string;
  readonly metric: string;
  readonly measure: string;
  readonly key: string;
  readonly dimensions: readonly Value[];
  readonly windowStart: number;
  readonly windowEnd: number;
  /** The measure's value, and what it was compared with, in the measure's unit. */
  readonly value: number;
  readonly median: number;
  /** 1.4826 × median absolute deviation, or the floor where that is more. */
  readonly spread: number;
  /** (value − median) / spread: how unusual, and in which direction. */
  readonly score: number;
  readonly version: number;
}
