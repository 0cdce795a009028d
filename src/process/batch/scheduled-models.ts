import type { BatchContext } from "./batch-context.ts";
import { dueDays } from "./due-days.ts";
import { runModels, type ModelReport } from "./models.ts";
import { modelsOf } from "./models-of.ts";
import { publishedDays } from "./run-records.ts";

export interface ScheduleOptions {
  /** Every event of a topic received before this time is in the store that models read, ms. */
  readonly coveredMs: (topic: string) => number;
  /** The first day that the schedule looks at, ms. */
  readonly fromMs: number;
  /** Days at once, the oldest first. */
  readonly daysMax: number;
}

/** Late events are on time for a model when they come within this of their day's end, ms. */
const MODEL_GRACE_MS = 300_000;

/** Runs the models for the days that are due and were never published. */
export async function runDueModels(
  context: BatchContext,
  { coveredMs, fromMs, daysMax }: ScheduleOptions,
): Promise<ModelReport[]> {
  const reports: ModelReport[] = [];
  for (const { model, source } of modelsOf(context.plan)) {
    const days = dueDays({
      done: await publishedDays(context.warehouse, model.name),
      fromMs,
      coveredMs: coveredMs(source),
      graceMs: MODEL_GRACE_MS,
      slackMs: context.slackMs,
      daysMax,
    });
    if (days.length === 0) continue;
    const all = await runModels(context, { days, models: [model.name], readsAreDone: true });
    reports.push(...all);
  }
  return reports;
}
