/** Where time comes from. The only file outside `cli` that may read the machine's clock. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start, never going back; fractions allowed. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  set(nowMs: number): void;
  advance(byMs: number): void;
}

export function manualClock(startMs = 0): ManualClock {
  let now = startMs;
  return {
    nowMs: () => now,
    monotonicMs: () => now - startMs,
    set: (ms) => void (now = ms),
    advance: (ms) => void (now += ms),
  };
}
