import { UNIT_MS } from "../../core/time.ts";
import {
  amendInsert,
  firstOpenSelect,
} from "../../language/compile/clickhouse/metric-difference.ts";
import { metricTableNames } from "../../language/compile/clickhouse/metric-tables.ts";
import { quoteName } from "../../language/compile/clickhouse/sql-text.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import { closedThrough, type BatchContext } from "./batch-context.ts";
import type { EventStore, WindowRange } from "./batch-engine.ts";
import { windowsOver } from "./session-extent.ts";

/** What one metric's amendment did. */
export interface MetricAmendment {
  readonly metric: string;
  /** Ranges of windows that were computed anew. */
  readonly ranges: number;
  /** Rows that were written, and those of them that delete. */
  readonly written: number;
  readonly deleted: number;
  readonly durationMs: number;
}

/** Whether every aligned window over the hour, and every session that ends in it, is closed. */
export function isHourClosed(metric: MetricNode, hourMs: number, closedMs: number): boolean {
  const last = hourMs + UNIT_MS.h - 1;
  const { window } = metric;
  if (window.kind === "session") return last + window.gapMs < closedMs;
  const step = window.kind === "sliding" ? window.everyMs : window.sizeMs;
  return Math.floor(last / step) * step + window.sizeMs <= closedMs;
}

interface AmendMetricOptions {
  readonly context: BatchContext;
  readonly metric: MetricNode;
  readonly topic: Topic;
  readonly store: EventStore;
  readonly generation: number;
}

/**
 * Computes the closed windows over ranges of event time anew, late events included, and writes what
 * differs from what is stored. Gives the first session that is still open in them, if one is: hours
 * from its start on must be amended again.
 */
export async function amendMetric(
  options: AmendMetricOptions,
  ranges: readonly { readonly fromMs: number; readonly toMs: number }[],
): Promise<MetricAmendment & { readonly firstOpenMs?: number }> {
  const { context, metric, generation } = options;
  const startMs = context.clock.monotonicMs();
  let firstOpenMs = Infinity;
  for (const range of ranges) {
    const windows = await windowsOver({ ...options, lateness: "all" }, range);
    firstOpenMs = Math.min(firstOpenMs, await writeDifference(options, windows));
  }
  const table = quoteName(metricTableNames(metric).closed);
  const [count] = await context.warehouse.query<{ written: string; deletions: string }>(
    `SELECT count() AS written, countIf(deleted) AS deletions FROM ${table} WHERE generation = ${generation}`,
  );
  return {
    metric: metric.name,
    ranges: ranges.length,
    written: Number(count?.written ?? 0),
    deleted: Number(count?.deletions ?? 0),
    durationMs: context.clock.monotonicMs() - startMs,
    ...(firstOpenMs === Infinity ? {} : { firstOpenMs }),
  };
}

/** Writes what differs in one range of starts; gives its first open session's start, or Infinity. */
export async function writeDifference(
  { context, metric, topic, store, generation }: AmendMetricOptions,
  windows: WindowRange,
): Promise<number> {
  const wanted = { metric, topic, store, lateness: "all", windows } as const;
  return context.engine.withMetricRows(wanted, async (computed) => {
    const endedByMs = closedThrough(context, topic.name, metric.graceMs);
    const difference = { ...windows, computed, lateness: "all", endedByMs } as const;
    const sql = amendInsert(metric, topic, { ...difference, writeGeneration: generation });
    await context.beforeWriting();
    await context.warehouse.command(sql);
    if (metric.window.kind !== "session") return Infinity;
    const [found] = await context.warehouse.query<{ first: string | null }>(
      firstOpenSelect(metric, difference),
    );
    return Number(found?.first ?? Infinity);
  });
}
