import { dayOf, UNIT_MS } from "../../core/time.ts";
import { topicNamed } from "../../language/compile/clickhouse/plan-tables.ts";
import { amendMetric, isHourClosed, type MetricAmendment } from "./amend-metric.ts";
import { closedThrough, type BatchContext } from "./batch-context.ts";
import { rebuildCubes } from "./cubes.ts";
import { cutRanges, monthOf, rangesOf } from "./month.ts";
import { runModels, type ModelReport } from "./models.ts";
import { nextGeneration, recordRun } from "./run-records.ts";

/** An hour of event time that holds what the stream didn't count, or that was changed. */
export interface TouchedHour {
  readonly topic: string;
  /** Start of the hour, ms. */
  readonly hour: number;
  /**
   * `changed`: events that were stored already became others or went (corrected, erased). Else they
   * were only added: the cubes, which the warehouse feeds itself, are right without us.
   */
  readonly changed?: boolean;
}

/** What an amendment of one topic did. */
export interface TopicAmendment {
  readonly topic: string;
  readonly generation: number;
  /** Hours that are done: every window over them is closed and right. */
  readonly cleared: readonly number[];
  /** Hours that wait until the windows over them have closed. */
  readonly waiting: readonly number[];
  readonly metrics: readonly MetricAmendment[];
  readonly models: readonly ModelReport[];
  /** Months of cubes that were rebuilt. */
  readonly cubeMonths: number;
  readonly durationMs: number;
}

/** Hours at most this far apart are amended in one statement: reading is cheaper than asking. */
const BRIDGE_MS = UNIT_MS.d;
/** The longest range of one statement: a quarter of a year, of at most 5 partitions. */
const RANGE_MS_MAX = 92 * UNIT_MS.d;

/**
 * Brings the events of touched hours into the numbers: metrics, the models of their days, and, where
 * stored events changed, cubes. The caller gives hours whose events the warehouse has, and forgets
 * those that come back as `cleared`. It may be killed at any point and repeated: each statement
 * writes what differs from what is stored, under a generation of its own.
 */
export async function amend(
  context: BatchContext,
  touched: readonly TouchedHour[],
): Promise<TopicAmendment[]> {
  const topics = [...new Set(touched.map((each) => each.topic))];
  const reports: TopicAmendment[] = [];
  for (const name of topics) {
    const hours = touched.filter((each) => each.topic === name);
    reports.push(await amendTopic(context, name, hours));
  }
  return reports;
}

async function amendTopic(
  context: BatchContext,
  name: string,
  touched: readonly TouchedHour[],
): Promise<TopicAmendment> {
  const { plan, warehouse, clock, topics } = context;
  const startMs = clock.monotonicMs();
  const startedMs = clock.nowMs();
  const topic = topicNamed(topics, name);
  const metrics = plan.metrics.filter((metric) => metric.from === name);
  const isClosed = (hour: number): boolean =>
    metrics.every((each) => isHourClosed(each, hour, closedThrough(context, name, each.graceMs)));
  const hours = touched.map((each) => each.hour).filter(isClosed);
  const waiting = touched.map((each) => each.hour).filter((hour) => !isClosed(hour));
  const none = { topic: name, generation: 0, metrics: [], models: [], cubeMonths: 0 };
  if (hours.length === 0) return { ...none, cleared: [], waiting, durationMs: 0 };

  const generation = await nextGeneration(warehouse);
  const days = hours.map((hour) => dayOf(hour)).toSorted();
  const record = {
    run_id: `amend/${name}/${generation}`,
    kind: "amend",
    name,
    from_day: days[0]!,
    to_day: days.at(-1)!,
    days: [],
    generation,
    unmatched: 0,
    message: "",
    started_ms: startedMs,
  } as const;
  await recordRun(warehouse, { ...record, status: "started", rows: 0, duration_ms: 0 });

  const ranges = cutRanges(rangesOf(hours, UNIT_MS.h, BRIDGE_MS), RANGE_MS_MAX);
  const amended: MetricAmendment[] = [];
  let firstOpenMs = Infinity;
  for (const metric of metrics) {
    const { firstOpenMs: open, ...done } = await amendMetric(
      { context, metric, topic, store: context.amendFrom, generation },
      ranges,
    );
    amended.push(done);
    firstOpenMs = Math.min(firstOpenMs, open ?? Infinity);
  }
  // A model of a day that isn't over has not been computed; its own run will take everything in.
  const over = days.filter((day) => Date.parse(day) + UNIT_MS.d <= context.progress(name));
  const models = await runModels(context, { days: over, topic: name, store: context.amendFrom });
  const months = new Map(
    touched
      .filter((each) => each.changed === true)
      .map((each) => [monthOf(each.hour).partition, monthOf(each.hour)]),
  );
  const cubes = plan.cubes.filter((cube) => cube.from === name);
  await rebuildCubes(context, name, cubes, [...months.values()]);

  const isCleared = (hour: number): boolean => hour + UNIT_MS.h <= firstOpenMs;
  const durationMs = clock.monotonicMs() - startMs;
  const rows = amended.reduce((sum, each) => sum + each.written, 0);
  await recordRun(warehouse, {
    ...record,
    status: "done",
    rows,
    duration_ms: Math.round(durationMs),
  });
  return {
    topic: name,
    generation,
    cleared: hours.filter(isCleared),
    waiting: [...waiting, ...hours.filter((hour) => !isCleared(hour))],
    metrics: amended,
    models,
    cubeMonths: cubes.length * months.size,
    durationMs,
  };
}
