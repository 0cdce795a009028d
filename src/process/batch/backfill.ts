import { dayOf } from "../../core/time.ts";
import { topicNamed } from "../../language/compile/clickhouse/plan-tables.ts";
import {
  meaningOfTable,
  metricTableNames,
  metricTables,
  metricView,
} from "../../language/compile/clickhouse/metric-tables.ts";
import { quoteName } from "../../language/compile/clickhouse/sql-text.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import { writeDifference } from "./amend-metric.ts";
import { closedThrough, type BatchContext } from "./batch-context.ts";
import type { EventStore } from "./batch-engine.ts";
import { monthOf } from "./month.ts";
import { nextGeneration, recordRun } from "./run-records.ts";
import { windowsFrom } from "./session-extent.ts";

export interface BackfillOptions {
  /**
   * From when on the stream counts this meaning of the metric, ms: windows that begin before may
   * have events that it didn't see. Infinity: the stream doesn't run.
   */
  readonly sinceMs: number;
  /** Only windows that begin in this range, ms. Default: from the first event on. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly store?: EventStore;
  /** Called after each month, for a progress bar. */
  readonly onMonth?: (done: {
    readonly month: string;
    readonly of: number;
    readonly at: number;
  }) => void;
}

/** What a backfill did. */
export interface BackfillReport {
  readonly metric: string;
  readonly generation: number;
  /** Rows of its generation in the new table. */
  readonly rows: number;
  /**
   * Windows that began before the stream counted have yet to close: to be called again. The view
   * shows what is there so far.
   */
  readonly remaining: boolean;
  readonly durationMs: number;
}

/**
 * Fills the tables of a metric's present meaning from the events, late ones included, then (unless
 * only a range was asked for) lets the view show them: readers see the old meaning until then.
 * Repeating it writes what is missing.
 */
export async function backfillMetric(
  context: BatchContext,
  metric: MetricNode,
  options: BackfillOptions,
): Promise<BackfillReport> {
  const { warehouse, clock } = context;
  const { store = "lake" } = options;
  const [startMs, startedMs] = [clock.monotonicMs(), clock.nowMs()];
  const topic = topicNamed(context.topics, metric.from);
  for (const sql of metricTables(metric, topic)) await warehouse.command(sql);

  const closedMs = closedThrough(context, topic.name, metric.graceMs);
  const [gap, size] =
    metric.window.kind === "session" ? [metric.window.gapMs + 1, 0] : [0, metric.window.sizeMs];
  const untilMs = Math.min(options.sinceMs + gap, options.toMs ?? Infinity);
  const firstMs = (await firstEvent(context, topic, store)) ?? closedMs;
  // The windows over the first event begin before it.
  const fromMs = options.fromMs ?? firstMs - size;
  const toMs = Math.min(untilMs, closedMs);
  const generation = await nextGeneration(warehouse);
  const record = {
    run_id: `backfill/${metric.name}/${generation}`,
    kind: "backfill",
    name: metric.name,
    from_day: dayOf(Math.max(Math.min(fromMs, toMs), 0)),
    to_day: dayOf(Math.max(toMs, 0)),
    days: [],
    generation,
    unmatched: 0,
    message: "",
    started_ms: startedMs,
  } as const;
  await recordRun(warehouse, { ...record, status: "started", rows: 0, duration_ms: 0 });

  const months = monthsOf(fromMs, toMs);
  let firstOpenMs = Infinity;
  for (const [at, month] of months.entries()) {
    const windows = await windowsFrom({ context, metric, topic, store, lateness: "all" }, month);
    const open = await writeDifference({ context, metric, topic, store, generation }, windows);
    firstOpenMs = Math.min(firstOpenMs, open);
    options.onMonth?.({ month: dayOf(month.fromMs).slice(0, 7), at: at + 1, of: months.length });
  }
  // A part of the history must not take the place of all of it.
  if (options.fromMs === undefined) await warehouse.command(metricView(metric, topic));

  const [count] = await warehouse.query<{ rows: string }>(
    `SELECT count() AS rows FROM ${quoteName(metricTableNames(metric).closed)} WHERE generation = ${generation}`,
  );
  const rows = Number(count?.rows ?? 0);
  const durationMs = clock.monotonicMs() - startMs;
  await recordRun(warehouse, {
    ...record,
    status: "done",
    rows,
    duration_ms: Math.round(durationMs),
  });
  const remaining =
    options.sinceMs !== Infinity && (untilMs + size > closedMs || firstOpenMs < untilMs);
  return { metric: metric.name, generation, rows, remaining, durationMs };
}

/** The tables of a metric's former meanings; dropped once its backfill is complete. */
export async function dropFormerMeanings(
  { warehouse }: BatchContext,
  metric: MetricNode,
): Promise<string[]> {
  const present = metricTableNames(metric);
  const tables = await warehouse.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase()",
  );
  const former = tables
    .map(({ name }) => name)
    .filter((name) => name !== present.closed && name !== present.open)
    .filter((name) => meaningOfTable(metric.name, name) !== undefined);
  for (const name of former)
    await warehouse.command(`DROP TABLE IF EXISTS ${quoteName(name)} SYNC`);
  return former;
}

/** The day of a topic's first event, ms. */
async function firstEvent(
  context: BatchContext,
  topic: Topic,
  store: EventStore,
): Promise<number | undefined> {
  if (context.lake !== undefined && store === "lake") {
    const files = await context.lake.files({ topic: topic.name });
    const times = files.map((file) => file.minTime);
    return times.length === 0 ? undefined : times.reduce((least, each) => Math.min(least, each));
  }
  const [row] = await context.warehouse.query<{ first: string | null }>(
    `SELECT toUnixTimestamp64Milli(minOrNull(${quoteName(topic.time)})) AS first FROM ${quoteName(topic.name)}`,
  );
  return row === undefined || row.first === null ? undefined : Number(row.first);
}

/** A range by months, its first and last one cut. */
function monthsOf(fromMs: number, toMs: number): { fromMs: number; toMs: number }[] {
  const months: { fromMs: number; toMs: number }[] = [];
  for (let at = fromMs; at < toMs; at = monthOf(at).toMs) {
    months.push({ fromMs: at, toMs: Math.min(monthOf(at).toMs, toMs) });
  }
  return months;
}
