import type { Problem } from "./scan/problem.ts";

/** What became of one event of a request. */
export const FATE = { accepted: 0, duplicate: 1, quarantined: 2, refused: 3 } as const;
export type Fate = (typeof FATE)[keyof typeof FATE];
export const FATE_NAMES = ["accepted", "duplicate", "quarantined", "refused"] as const;

/** An event that isn't taken. */
export interface Rejected {
  readonly index: number;
  readonly fate: typeof FATE.quarantined | typeof FATE.refused;
  readonly topic: string;
  readonly problem: Problem;
  readonly rule?: string | undefined;
  readonly eventId?: string | undefined;
  /** The bytes it came with. Kept when quarantined. */
  readonly bytes: Uint8Array;
}
