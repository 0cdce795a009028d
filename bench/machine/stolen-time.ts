import { readFileSync } from "node:fs";

/** Share of the processors' time, 0 to 1, that went to others since the watch began. */
export type StolenShare = () => number;

/**
 * Watches how much of this machine's time the host of a virtual machine gives to its other guests:
 * time in which whatever is measured here just stands. Always 0 where the system doesn't tell.
 */
export function watchStolenTime(): StolenShare {
  const start = readTimes();
  return () => {
    const now = readTimes();
    const all = now.all - start.all;
    return all > 0 ? (now.stolen - start.stolen) / all : 0;
  };
}

interface Times {
  readonly all: number;
  readonly stolen: number;
}

/** Sums over all processors, in ticks; the line holds eight kinds of time, stolen time the last. */
function readTimes(): Times {
  if (process.platform !== "linux") return { all: 0, stolen: 0 };
  const line = readFileSync("/proc/stat", "latin1").split("\n", 1)[0]!;
  const kinds = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { all: kinds.reduce((sum, each) => sum + each, 0), stolen: kinds[7] ?? 0 };
}
