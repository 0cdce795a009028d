import { dayOf, UNIT_MS } from "../../core/time.ts";

export interface DueDaysOptions {
  /** Days that were computed, `YYYY-MM-DD`. */
  readonly done: ReadonlySet<string>;
  /** The first day that is wanted, ms; days before it are left to `millrace backfill`. */
  readonly fromMs: number;
  /** Every event received before this time is in the store that models read, ms. */
  readonly coveredMs: number;
  readonly graceMs: number;
  readonly slackMs: number;
  /** How many at once, the oldest first. */
  readonly daysMax: number;
}

/**
 * The days that models are due for: day D when all that was received by its end + grace + slack is
 * in the store. What comes later amends it.
 */
export function dueDays(options: DueDaysOptions): string[] {
  const { done, fromMs, coveredMs, graceMs, slackMs, daysMax } = options;
  const due: string[] = [];
  let start = Math.floor(fromMs / UNIT_MS.d) * UNIT_MS.d;
  for (; start + UNIT_MS.d + graceMs + slackMs <= coveredMs; start += UNIT_MS.d) {
    if (due.length >= daysMax) break;
    const day = dayOf(start);
    if (!done.has(day)) due.push(day);
  }
  return due;
}
