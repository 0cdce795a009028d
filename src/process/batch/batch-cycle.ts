import { Turns } from "../../core/turns.ts";
import { dayOf, parseDay, UNIT_MS } from "../../core/time.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import { amend, type TopicAmendment } from "./amend.ts";
import { auditDay, type DayAudit } from "./audit.ts";
import { backfillMetric, dropFormerMeanings } from "./backfill.ts";
import {
  backfillDays,
  type BackfillDaysOptions,
  type BackfillDaysReport,
} from "./backfill-days.ts";
import type { BatchContext } from "./batch-context.ts";
import { fillNewCubes } from "./cubes.ts";
import { dueDays } from "./due-days.ts";
import { runModels } from "./models.ts";
import { daysBetween } from "./month.ts";
import type { StreamView, TouchedRecord } from "./stream-view.ts";

export interface BatchCycleOptions {
  readonly context: BatchContext;
  readonly stream: StreamView;
  /** The next offset that the warehouse doesn't have. */
  readonly coverage: (topic: string, partition: number) => number;
  /** Every event received before this time is in the warehouse and the lake, ms. */
  readonly coveredMs: () => number;
  /** Metrics that are served by another meaning until their backfill. */
  readonly toBackfill: readonly MetricNode[];
}

/** What one amendment did. */
export interface AmendReport {
  readonly topics: readonly TopicAmendment[];
  /** Hours that wait: for their events to be stored, or for their windows to close. */
  readonly waiting: number;
}

/** Days at once, the oldest first. */
const DAYS_AT_ONCE = 8;
/** How far back days are finished by themselves; `millrace backfill` reaches further. */
const DAYS_BACK = 8;

/**
 * The batch engine's own work, one piece at a time: amendment of what came late, models of days that
 * are over, their audit, backfill of changed metrics.
 */
export class BatchCycle {
  readonly #options: BatchCycleOptions;
  readonly #toBackfill: Set<MetricNode>;
  /** One piece of work at a time: they write the same tables. */
  readonly #turns = new Turns();

  constructor(options: BatchCycleOptions) {
    this.#options = options;
    this.#toBackfill = new Set(options.toBackfill);
  }

  /** Everything that is due now. */
  run(): Promise<void> {
    return this.#inTurn(async () => {
      await fillNewCubes(this.#options.context);
      await this.#backfillChanged();
      await this.#amend();
      await this.#finishDays();
    });
  }

  /** Amends now. */
  amend(): Promise<AmendReport> {
    return this.#inTurn(() => this.#amend());
  }

  /** Computes the models and the closed windows of these days again. */
  backfill(range: BackfillDaysOptions): Promise<BackfillDaysReport> {
    return this.#inTurn(() => backfillDays(this.#options.context, range));
  }

  /** Audits days. */
  audit(fromDay: string, toDay: string): Promise<readonly DayAudit[]> {
    return this.#inTurn(async () => {
      const audits: DayAudit[] = [];
      for (const ms of daysBetween(fromDay, toDay)) audits.push(await this.#audit(dayOf(ms)));
      return audits;
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#turns.run(async () => {
      try {
        return await work();
      } finally {
        await this.#options.context.engine.release();
      }
    });
  }

  async #amend(): Promise<AmendReport> {
    const { context, stream, coverage } = this.#options;
    const all = await stream.touched();
    const isStored = (each: TouchedRecord): boolean =>
      each.lastOffset < coverage(each.topic, each.partition);
    // An hour is amended when all that touched it is stored: else it would be amended twice.
    const held = new Set(all.filter((each) => !isStored(each)).map(hourOf));
    const ready = all.filter((each) => !held.has(hourOf(each)));
    const hours = new Map(ready.map(({ topic, hour }) => [`${topic} ${hour}`, { topic, hour }]));
    const topics = await amend(context, [...hours.values()]);
    for (const report of topics) {
      const cleared = new Set(report.cleared);
      await stream.clear(
        ready.filter((each) => each.topic === report.topic && cleared.has(each.hour)),
      );
    }
    const waiting = topics.reduce((sum, report) => sum + report.waiting.length, 0);
    return { topics, waiting: waiting + held.size };
  }

  /** Models of days that are over, then their audit. */
  async #finishDays(): Promise<void> {
    const { context, coveredMs } = this.#options;
    const covered = coveredMs();
    const fromMs = Math.max(covered - DAYS_BACK * UNIT_MS.d, await this.#firstDayMs());
    if (!Number.isFinite(fromMs)) return;
    const days = dueDays({
      done: await this.#auditedDays(),
      fromMs,
      coveredMs: covered,
      graceMs: context.plan.metrics.reduce((most, each) => Math.max(most, each.graceMs), 0),
      slackMs: context.slackMs,
      daysMax: DAYS_AT_ONCE,
    });
    if (days.length > 0) await runModels(context, { days });
    for (const day of days) await this.#audit(day);
  }

  /** The first day that the lake has events of; Infinity while it has none. */
  async #firstDayMs(): Promise<number> {
    const { topics, lake } = this.#options.context;
    let first = Infinity;
    for (const { name } of topics) {
      const day = (await lake?.files({ topic: name }))?.at(0)?.date;
      if (day !== undefined) first = Math.min(first, parseDay(day) ?? Infinity);
    }
    return first;
  }

  async #auditedDays(): Promise<ReadonlySet<string>> {
    const rows = await this.#options.context.warehouse.query<{ day: string }>(
      "SELECT DISTINCT toString(day) AS day FROM millrace_audits",
    );
    return new Set(rows.map((row) => row.day));
  }

  #audit(day: string): Promise<DayAudit> {
    const { context, stream } = this.#options;
    return auditDay(context, day, { sinceMs: (metric) => stream.sinceMs(metric) });
  }

  async #backfillChanged(): Promise<void> {
    const { context, stream } = this.#options;
    for (const metric of this.#toBackfill) {
      const { remaining } = await backfillMetric(context, metric, {
        sinceMs: stream.sinceMs(metric),
      });
      if (remaining) continue;
      await dropFormerMeanings(context, metric);
      this.#toBackfill.delete(metric);
    }
  }
}

const hourOf = ({ topic, hour }: TouchedRecord): string => `${topic} ${hour}`;
