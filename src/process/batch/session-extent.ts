import { UNIT_MS } from "../../core/time.ts";
import { metricTableNames } from "../../language/compile/clickhouse/metric-tables.ts";
import { millisOf, quoteName, timeSql } from "../../language/compile/clickhouse/sql-text.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { BatchContext } from "./batch-context.ts";
import type { EventStore, WindowRange } from "./batch-engine.ts";

interface ExtentOptions {
  readonly context: BatchContext;
  readonly metric: MetricNode;
  readonly topic: Topic;
  readonly store: EventStore;
  readonly lateness: "on-time" | "all";
}

/** Never read further than this beside a range at first, ms; each further try reads 4 × as far. */
const MARGIN_MS = UNIT_MS.d;

/**
 * The windows that have an event in [fromMs, toMs): of aligned windows by arithmetic; of sessions,
 * which have no greatest length, by looking at ever more until the gap closes on both sides.
 */
export async function windowsOver(
  options: ExtentOptions,
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<WindowRange> {
  const { window } = options.metric;
  if (window.kind !== "session") {
    return { fromMs: range.fromMs - window.sizeMs + 1, toMs: range.toMs };
  }
  // An event of the range may join sessions a gap before and after it.
  const near = { fromMs: range.fromMs - window.gapMs, toMs: range.toMs + window.gapMs + 1 };
  const extent = await sessionExtent(options, window.gapMs, near, true);
  const stored = await firstStored(options, near);
  return {
    fromMs: Math.min(extent.firstMs, stored ?? near.fromMs, near.fromMs),
    toMs: near.toMs,
    readToMs: extent.readToMs,
  };
}

/** How far the events of the windows that start in [fromMs, toMs) reach. */
export async function windowsFrom(
  options: ExtentOptions,
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<WindowRange> {
  const { window } = options.metric;
  if (window.kind !== "session") return range;
  const extent = await sessionExtent(options, window.gapMs, range, false);
  return { ...range, readToMs: extent.readToMs };
}

async function sessionExtent(
  { context, metric, topic, store, lateness }: ExtentOptions,
  gapMs: number,
  range: { readonly fromMs: number; readonly toMs: number },
  backwards: boolean,
): Promise<{ firstMs: number; readToMs: number }> {
  // No event is later than the collector's clock plus what it allows.
  const endMs = context.clock.nowMs() + UNIT_MS.d;
  let before = backwards ? Math.max(MARGIN_MS, gapMs * 2) : gapMs + 1;
  let after = Math.max(MARGIN_MS, gapMs * 2);
  for (;;) {
    const readFromMs = Math.max(range.fromMs - before, 0);
    const readToMs = range.toMs + after;
    const extent = { ...range, readFromMs, readToMs };
    const wanted = { metric, topic, store, lateness, extent };
    const found = await context.engine.sessionExtent(wanted);
    const { firstMs, lastMs } = found ?? { firstMs: range.fromMs, lastMs: range.fromMs };
    const startIsTrue = !backwards || readFromMs === 0 || firstMs - readFromMs > gapMs;
    const endIsTrue = readToMs - lastMs > gapMs || readToMs > endMs;
    if (startIsTrue && endIsTrue) return { firstMs, readToMs };
    if (!startIsTrue) before *= 4;
    if (!endIsTrue) after *= 4;
  }
}

/** The first start of a stored session that reaches into the range. */
async function firstStored(
  { context, metric }: ExtentOptions,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<number | undefined> {
  const { closed, open } = metricTableNames(metric);
  const where = `\`window_start\` < ${timeSql(toMs)} AND \`window_end\` >= ${timeSql(fromMs)}`;
  const each = [closed, open].map(
    (table) =>
      `SELECT min(\`window_start\`) AS s, count() AS n FROM ${quoteName(table)} WHERE ${where}`,
  );
  const [row] = await context.warehouse.query<{ first: string | null }>(
    `SELECT minOrNullIf(${millisOf("s")}, n > 0) AS first FROM (${each.join(" UNION ALL ")})`,
  );
  return row === undefined || row.first === null ? undefined : Number(row.first);
}
