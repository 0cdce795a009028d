import { MillraceError } from "../../core/errors.ts";
import { dayOf, parseDay, UNIT_MS } from "../../core/time.ts";
import { backfillMetric, type BackfillReport } from "./backfill.ts";
import type { BatchContext } from "./batch-context.ts";
import { daysBetween } from "./month.ts";
import { runModels, type ModelReport } from "./models.ts";

export interface BackfillDaysOptions {
  /** UTC days, both inclusive, `YYYY-MM-DD`. */
  readonly fromDay: string;
  readonly toDay: string;
  /** Only this model (and what it reads) or this metric. */
  readonly name?: string;
}

export interface BackfillDaysReport {
  readonly models: readonly ModelReport[];
  readonly metrics: readonly BackfillReport[];
}

/**
 * Computes models and closed windows of metrics for a range of days again, from the lake:
 * `millrace backfill`. Writes what differs; to repeat it changes nothing. Throws `CONFIG_INVALID`.
 */
export async function backfillDays(
  context: BatchContext,
  { fromDay, toDay, name }: BackfillDaysOptions,
): Promise<BackfillDaysReport> {
  const days = daysBetween(fromDay, toDay).map(dayOf);
  if (days.length === 0) {
    throw new MillraceError("CONFIG_INVALID", `${fromDay} to ${toDay} isn't a range of days`, {
      field: "fromDay",
      hint: "two days such as 2026-01-31, the first not after the second",
    });
  }
  const { metrics, models } = context.plan;
  const named = metrics.filter((each) => name === undefined || each.name === name);
  const wantsModels = name === undefined || models.some((each) => each.name === name);
  if (named.length === 0 && !wantsModels && name !== undefined) {
    throw new MillraceError("CONFIG_INVALID", `the definition has no model or metric ${name}`, {
      field: "name",
      hint: `it has ${[...models, ...metrics].map((each) => each.name).join(", ")}`,
    });
  }
  const range = { fromMs: parseDay(fromDay)!, toMs: parseDay(toDay)! + UNIT_MS.d };
  const done: BackfillReport[] = [];
  for (const metric of named) {
    done.push(await backfillMetric(context, metric, { sinceMs: Infinity, ...range }));
  }
  const chosen = name === undefined ? {} : { models: [name] };
  return {
    models: wantsModels ? await runModels(context, { days, ...chosen }) : [],
    metrics: done,
  };
}
