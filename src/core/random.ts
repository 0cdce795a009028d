import { randomBytes } from "node:crypto";

/** Where chance comes from: `next()` is uniform in [0, 1). */
export interface Random {
  next(): number;
  /** Uniform whole number in [0, below). */
  integer(below: number): number;
}

/** The same sequence for the same seed (mulberry32, public domain, T. Ettinger). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return { next, integer: (below) => Math.floor(next() * below) };
}

/** `bytes` random bytes as lower-case hex, fit for keys and names. */
export const randomHex = (bytes: number): string => randomBytes(bytes).toString("hex");
