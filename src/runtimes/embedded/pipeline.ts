import { systemClock } from "../../core/clock.ts";
import { asMillraceError } from "../../core/errors.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { parsePlan } from "../../language/plan/plan-json.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import { BatchCycle } from "../../process/batch/batch-cycle.ts";
import { ClickHouseEngine } from "../../process/batch/clickhouse-engine.ts";
import { createRunTables } from "../../process/batch/run-records.ts";
import { LakeMerger } from "../../process/load/lake-merger.ts";
import { LakeWriter } from "../../process/load/lake-writer.ts";
import { Loader } from "../../process/load/loader.ts";
import { SpoolFiles } from "../../process/load/spool-files.ts";
import { SpoolShelf } from "../../process/load/spool-shelf.ts";
import {
  startWorkLoop,
  type WorkLoop,
  type WorkLoopOptions,
} from "../../process/load/work-loop.ts";
import { StreamWorker } from "../../process/stream/stream-worker.ts";
import { createAlertTable, warehouseSink } from "../../process/stream/warehouse-sink.ts";
import { applyTables } from "../../process/tables/apply-tables.ts";
import { summariseMetric, type MetricSummary } from "../../serve/live/metric-summary.ts";
import type { MetricQuery } from "../../serve/metrics/metric-query.ts";
import { openEmbeddedLake } from "../../storage/lake/embedded/embedded-lake.ts";
import { openEmbeddedLogReader } from "../../storage/log/embedded/embedded-log-reader.ts";
import { KeptReads } from "../../storage/log/embedded/kept-reads.ts";
import type { ReaderPosition } from "../../storage/log/log.ts";
import { openEmbeddedState } from "../../storage/state/embedded/embedded-state.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import { coveredThrough, offsetIn } from "./coverage.ts";
import { crashingSink, crashPointOf } from "./crash-point.ts";
import { openDataFolder } from "./data-folder.ts";
import { LayoutStore } from "./layout-store.ts";
import { lockPipeline } from "./pipeline-lock.ts";
import type { BatchRequest, MainCalls, PipelineConfig, PipelineStats } from "./pipeline-calls.ts";
import { pipelineFigures } from "./pipeline-figures.ts";
import { StageErrors } from "./stage-errors.ts";
import { VisibleLatency } from "./visible-latency.ts";
import type { Remote } from "./rpc.ts";
import { Turns } from "../../core/turns.ts";

/** Everything behind the log: stream, load, lake, batch. */
export interface Pipeline {
  openRows(metric: string, query: MetricQuery): readonly MetricRow[];
  summaries(): readonly MetricSummary[];
  stats(): PipelineStats;
  amend(request: BatchRequest): Promise<unknown>;
  backfill(request: BatchRequest): Promise<unknown>;
  audit(request: BatchRequest): Promise<unknown>;
  /** Ends what is under way and closes the files. */
  stop(): Promise<void>;
}

const STREAM_EVERY_MS = 25;
/** Small inserts cost the warehouse more than what they bring: parts to write, sync and merge. */
const LOAD_EVERY_MS = 2_000;
const LOAD_REST = { times: 4, msMax: 3_000 };
const LAKE_EVERY_MS = 1_000;
const MERGE_EVERY_MS = 60_000;
const SLACK_MS = 10_000;
/** Open rows that a summary looks at. */
const SUMMARY_ROWS_MAX = 50_000;

/** Wires the parts together and starts their loops. */
export async function startPipeline(
  config: PipelineConfig,
  main: Remote<MainCalls>,
): Promise<Pipeline> {
  const folder = openDataFolder(config.dataDir);
  const plan = parsePlan(config.plan);
  const topics = topicsOf(plan);
  const clock = systemClock;
  const lock = await lockPipeline(folder.stream, clock);
  const crashPoint = crashPointOf(process.env["MILLRACE_CRASH_POINT"]);
  const warehouse = clickHouseWarehouse({ ...config.warehouse, user: "pipeline" });
  const { toBackfill } = await applyTables(plan, warehouse, config.retention);
  await createRunTables(warehouse);
  await createAlertTable(warehouse);

  const layouts = new LayoutStore(folder.layouts);
  const layoutOf = (_topic: string, layoutId: number) => layouts.layoutOf(layoutId);
  // Stream, loader and lake are done with a read's rows before they let each other have a turn.
  const log = openEmbeddedLogReader(folder.root);
  const reads = new KeptReads(log);
  const lakeLog = openEmbeddedLogReader(folder.root, { rowsUntilNextRead: true });
  const lake = openEmbeddedLake({ dir: folder.lake, clock, crashPoint });
  const store = openEmbeddedState(folder.stream);
  const loadTopics = topics.map(({ name, time }) => ({ name, time }));
  const report =
    (reader: string) =>
    (positions: readonly ReaderPosition[]): void =>
      void main.setPositions({ reader, positions }).catch(() => undefined);

  const shared = { warehouse, topics: loadTopics, layoutOf, clock };
  const shelf = new SpoolShelf(new SpoolFiles(folder.load));
  const loader = new Loader({
    ...shared,
    shelf,
    log: reads.second,
    dir: folder.load,
    crashPoint,
    report: report("load"),
  });
  const lakeWriter = new LakeWriter({
    ...shared,
    shelf,
    log: lakeLog,
    lake,
    dir: folder.lakeWriter,
    format: config.lakeFormat,
    rollMsMax: config.lakeRollMs,
    report: report("lake"),
  });
  const merger = new LakeMerger({
    lake,
    warehouse,
    clock,
    newestLayoutOf: (topic) => topics.find(({ name }) => name === topic)!.layout,
    format: config.lakeFormat,
  });
  const visible = new VisibleLatency(clock);
  const stream = new StreamWorker({
    plan,
    log: visible.watch(reads.first),
    store,
    sink: crashingSink(warehouseSink(warehouse), crashPoint),
    clock,
    layoutOf,
    report: report("stream"),
  });
  const loading = new Turns();
  const batch = new BatchCycle({
    context: {
      plan,
      topics,
      warehouse,
      engine: new ClickHouseEngine({ warehouse, lake }),
      lake,
      amendFrom: "table",
      clock,
      slackMs: SLACK_MS,
      progress: (topic) => stream.progress(topic),
      // One loader serves all topics: it rests while a month of one of them is put in place.
      pauseLoading: (_topic, work) => loading.run(work),
      // The lock of the data folder sees to that.
      beforeWriting: async () => undefined,
    },
    stream: {
      touched: async () => stream.touched(),
      clear: async (records) => {
        if (records.length > 0) crashPoint("between-amend-and-clear");
        stream.clearTouched(records);
      },
      sinceMs: (metric) => stream.sinceMs(metric),
    },
    coverage: (topic, partition) => offsetIn(loader.positions(), topic, partition),
    coveredMs: () => coveredThrough(log, [loader.positions(), lakeWriter.positions()]),
    toBackfill,
  });

  const errors = new StageErrors(["stream", "load", "lake", "batch"], clock, (text) => {
    process.stderr.write(text);
  });
  const loop = (
    name: string,
    intervalMs: number,
    step: () => Promise<{ readonly idle: boolean }>,
    more: Pick<WorkLoopOptions, "restAfterWork"> = {},
  ): WorkLoop =>
    startWorkLoop({
      ...more,
      clock,
      step: async () => {
        const done = await step();
        errors.went(name);
        return done;
      },
      intervalMs,
      onError: (thrown) => {
        errors.met(name, thrown);
        // Operators whose state may be torn are no use: this process ends, and a new one goes on
        // from the last commit.
        if (name === "stream" && asMillraceError(thrown).code === "INTERNAL") process.exit(1);
      },
    });
  const loops: readonly WorkLoop[] = [
    loop("stream", STREAM_EVERY_MS, async () => {
      const done = await stream.step();
      visible.shown();
      return done;
    }),
    loop("load", LOAD_EVERY_MS, () => loading.run(() => loader.step()), {
      restAfterWork: LOAD_REST,
    }),
    loop("lake", LAKE_EVERY_MS, () => lakeWriter.step()),
    loop("lake", MERGE_EVERY_MS, () => merger.step()),
    loop("batch", config.amendEveryMs, async () => {
      await batch.run();
      return { idle: true };
    }),
  ];
  /** Waits until everything that the log has now is in the warehouse and in the stream's state. */
  const settled = async (): Promise<void> => {
    const ends = log.ends();
    const isBehind = (positions: readonly ReaderPosition[]): boolean =>
      ends.some((end) => offsetIn(positions, end.topic, end.partition) < end.end);
    const streamed = ends.filter((end) => plan.tables.every(({ name }) => name !== end.topic));
    const isStreamBehind = (): boolean =>
      streamed.some((end) => offsetIn(store.positions(), end.topic, end.partition) < end.end);
    while (isBehind(loader.positions()) || isStreamBehind()) await pause(50);
  };
  return {
    // A window leaves the operators when it closes: until it is in the warehouse it waits here.
    openRows: (metric, query) => [
      ...stream.unpublishedRows(metric, query),
      ...stream.openRows(metric, query),
    ],
    summaries: () => summaries(plan, stream),
    stats: () => ({
      load: loader.counters(),
      lake: lakeWriter.counters(),
      figures: [...pipelineFigures(plan, stream, clock.nowMs()), visible.figure(), errors.figure()],
    }),
    amend: async ({ wait = false }) => {
      if (wait) await settled();
      return batch.amend();
    },
    backfill: async ({ fromDay = "", toDay = "", name }) =>
      batch.backfill({ fromDay, toDay, ...(name !== undefined && { name }) }),
    audit: async ({ fromDay = "", toDay = "" }) => batch.audit(fromDay, toDay),
    stop: async () => {
      await Promise.all(loops.map((each) => each.stop()));
      await stream.flush().catch(() => undefined); // the outbox is published after the next start
      await warehouse.close();
      loader.close();
      store.close();
      log.close();
      lakeLog.close();
      lock.release();
    },
  };
}

function summaries(plan: Plan, stream: StreamWorker): readonly MetricSummary[] {
  const all = { from: -Infinity, to: Infinity, only: [], limit: SUMMARY_ROWS_MAX };
  return plan.metrics.map((metric) => summariseMetric(metric, stream.openRows(metric.name, all)));
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
