import { dayOf, parseDay, UNIT_MS } from "../../core/time.ts";

/** A UTC month as the warehouse's tables are partitioned. */
export interface Month {
  /** `YYYYMM`. */
  readonly partition: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The month of a time. */
export function monthOf(ms: number): Month {
  const at = new Date(ms);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  const fromMs = Date.UTC(year, month, 1);
  return {
    partition: dayOf(fromMs).slice(0, 7).replace("-", ""),
    fromMs,
    toMs: Date.UTC(year, month + 1, 1),
  };
}

/** Consecutive times of equal steps as ranges: `[1, 2, 3, 7]` by 1 → `[1, 4), [7, 8)`. */
export function rangesOf(
  starts: readonly number[],
  stepMs: number,
  bridgeMs = 0,
): { fromMs: number; toMs: number }[] {
  const ranges: { fromMs: number; toMs: number }[] = [];
  for (const start of [...new Set(starts)].toSorted((left, right) => left - right)) {
    const last = ranges.at(-1);
    if (last !== undefined && start <= last.toMs + bridgeMs) last.toMs = start + stepMs;
    else ranges.push({ fromMs: start, toMs: start + stepMs });
  }
  return ranges;
}

/** Ranges cut so that none is longer than `stepMs`: what a statement reads and holds is bounded. */
export const cutRanges = (
  ranges: readonly { readonly fromMs: number; readonly toMs: number }[],
  stepMs: number,
): { fromMs: number; toMs: number }[] =>
  ranges.flatMap(({ fromMs, toMs }) =>
    Array.from({ length: Math.ceil((toMs - fromMs) / stepMs) }, (_, index) => ({
      fromMs: fromMs + index * stepMs,
      toMs: Math.min(fromMs + (index + 1) * stepMs, toMs),
    })),
  );

/** The starts of the days from one to another, both included; `YYYY-MM-DD`. */
export function daysBetween(fromDay: string, toDay: string): number[] {
  const [from, to] = [parseDay(fromDay), parseDay(toDay)];
  if (from === undefined || to === undefined) return [];
  const days: number[] = [];
  for (let day = from; day <= to; day += UNIT_MS.d) days.push(day);
  return days;
}
