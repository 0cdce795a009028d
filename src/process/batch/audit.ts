import { parseDay, UNIT_MS } from "../../core/time.ts";
import { topicNamed } from "../../language/compile/clickhouse/plan-tables.ts";
import { differenceSelect } from "../../language/compile/clickhouse/metric-difference.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { BatchContext } from "./batch-context.ts";
import { closedThrough } from "./batch-context.ts";
import type { EventStore } from "./batch-engine.ts";
import { windowsFrom } from "./session-extent.ts";

/**
 * What is held against what: `stream`: rows from on-time events alone against those that the stream
 * wrote; `served`: rows from all events against those that readers see.
 */
export type AuditSide = "stream" | "served";

/** How computed and stored rows of a metric differ on a day. All zero is what is expected. */
export interface MetricAudit {
  readonly metric: string;
  readonly side: AuditSide;
  /** Rows that the events give. */
  readonly rows: number;
  /** Rows that aren't stored, are stored without reason, or have other values. */
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  /** Up to five: key, window start, which of the three, the computed and the stored values. */
  readonly examples: readonly (readonly string[])[];
}

/** An audit of a whole day. */
export interface DayAudit {
  readonly day: string;
  readonly metrics: readonly MetricAudit[];
  /** Whether nothing differs. */
  readonly consistent: boolean;
  readonly durationMs: number;
}

export interface AuditOptions {
  readonly store?: EventStore;
  /** From when on the stream counts a metric, ms: earlier windows are backfill's. */
  readonly sinceMs?: (metric: MetricNode) => number;
}

/**
 * Computes a UTC day's windows of every metric from the events and holds them against what is
 * stored. Windows that aren't closed are left out. Hours that wait for amendment differ from what is
 * served: amend first.
 */
export async function auditDay(
  context: BatchContext,
  day: string,
  options: AuditOptions = {},
): Promise<DayAudit> {
  const startMs = context.clock.monotonicMs();
  const fromMs = parseDay(day) ?? 0;
  const metrics: MetricAudit[] = [];
  for (const metric of context.plan.metrics) {
    for (const side of ["stream", "served"] as const) {
      metrics.push(await auditMetric(context, metric, side, fromMs, options));
    }
  }
  await context.warehouse.insertRows({
    table: "millrace_audits",
    rows: metrics.map((each) => ({ day, ...each })),
  });
  const consistent = metrics.every(
    ({ missing, extra, different }) => missing + extra + different === 0,
  );
  return { day, metrics, consistent, durationMs: context.clock.monotonicMs() - startMs };
}

async function auditMetric(
  context: BatchContext,
  metric: MetricNode,
  side: AuditSide,
  dayMs: number,
  { store = "lake", sinceMs }: AuditOptions,
): Promise<MetricAudit> {
  const topic = topicNamed(context.topics, metric.from);
  const { window } = metric;
  const span = window.kind === "session" ? window.gapMs : window.sizeMs;
  const since = side === "stream" ? (sinceMs?.(metric) ?? -Infinity) : -Infinity;
  // What began before the stream did has a part that it didn't see.
  const seenMs = window.kind === "session" ? since + span + 1 : since;
  const fromMs = Math.min(Math.max(dayMs, seenMs), dayMs + UNIT_MS.d);
  const lateness = side === "stream" ? "on-time" : "all";
  const windows = await windowsFrom(
    { context, metric, topic, store, lateness },
    { fromMs, toMs: dayMs + UNIT_MS.d },
  );
  const wanted = { metric, topic, store, lateness, windows } as const;
  return context.engine.withMetricRows(wanted, async (computed) => {
    const sql = differenceSelect(metric, topic, {
      ...windows,
      computed,
      lateness,
      endedByMs: closedThrough(context, topic.name, metric.graceMs),
      ...(side === "stream" ? { generation: 0 } : {}),
    });
    const [row] = await context.warehouse.query<
      Record<"rows" | "missing" | "extra" | "different", string> & { examples: string[][] }
    >(sql);
    return {
      metric: metric.name,
      side,
      rows: Number(row?.rows ?? 0),
      missing: Number(row?.missing ?? 0),
      extra: Number(row?.extra ?? 0),
      different: Number(row?.different ?? 0),
      examples: row?.examples ?? [],
    };
  });
}
