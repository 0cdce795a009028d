import { join } from "node:path";
import { systemClock } from "../../core/clock.ts";
import { asMillraceError } from "../../core/errors.ts";
import { parsePlan } from "../../language/plan/plan-json.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import { LakeWriter } from "../../process/load/lake-writer.ts";
import { Loader } from "../../process/load/loader.ts";
import { startWorkLoop } from "../../process/load/work-loop.ts";
import { applyTables } from "../../process/tables/apply-tables.ts";
import type { MetricSummary } from "../../serve/live/metric-summary.ts";
import type { MetricQuery } from "../../serve/metrics/metric-query.ts";
import { openEmbeddedLake } from "../../storage/lake/embedded/embedded-lake.ts";
import { openEmbeddedLogReader } from "../../storage/log/embedded/embedded-log-reader.ts";
import type { ReaderPosition } from "../../storage/log/log.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import { openDataFolder } from "./data-folder.ts";
import { LayoutStore } from "./layout-store.ts";
import type { BatchRequest, MainCalls, PipelineConfig, PipelineStats } from "./pipeline-calls.ts";
import type { Remote } from "./rpc.ts";

/** Everything behind the log: stream, load, lake, batch. */
export interface Pipeline {
  openRows(metric: string, query: MetricQuery): Promise<readonly MetricRow[]>;
  summaries(): Promise<readonly MetricSummary[]>;
  stats(): PipelineStats;
  amend(request: BatchRequest): Promise<unknown>;
  backfill(request: BatchRequest): Promise<unknown>;
  audit(request: BatchRequest): Promise<unknown>;
  /** Ends what is under way and closes the files. */
  stop(): Promise<void>;
}

const LOAD_EVERY_MS = 200;
const LAKE_EVERY_MS = 1_000;

/** Wires the parts together and starts their loops. */
export async function startPipeline(
  config: PipelineConfig,
  main: Remote<MainCalls>,
): Promise<Pipeline> {
  const folder = openDataFolder(config.dataDir);
  const plan = parsePlan(config.plan);
  const topics = topicsOf(plan);
  const warehouse = clickHouseWarehouse({ ...config.warehouse, user: "pipeline" });
  await applyTables(plan, warehouse);

  const layouts = new LayoutStore(folder.layouts);
  const layoutOf = (_topic: string, layoutId: number) => layouts.layoutOf(layoutId);
  const log = openEmbeddedLogReader(folder.root);
  const lake = openEmbeddedLake({ dir: folder.lake, clock: systemClock });
  const loadTopics = topics.map(({ name, time }) => ({ name, time }));
  const report =
    (reader: string) =>
    (positions: readonly ReaderPosition[]): void =>
      void main.setPositions({ reader, positions }).catch(() => undefined);

  const loader = new Loader({
    log,
    warehouse,
    dir: folder.load,
    topics: loadTopics,
    layoutOf,
    clock: systemClock,
    report: report("load"),
  });
  const lakeWriter = new LakeWriter({
    log,
    lake,
    warehouse,
    dir: join(folder.lakeWriter),
    topics: loadTopics,
    layoutOf,
    clock: systemClock,
    format: config.lakeFormat,
    rollMsMax: config.lakeRollMs,
    report: report("lake"),
  });
  const loops = [
    startWorkLoop({
      step: () => loader.step(),
      intervalMs: LOAD_EVERY_MS,
      onError: failed("load"),
    }),
    startWorkLoop({
      step: () => lakeWriter.step(),
      intervalMs: LAKE_EVERY_MS,
      onError: failed("lake"),
    }),
  ];
  return {
    openRows: async () => [],
    summaries: async () => [],
    stats: () => ({ load: loader.counters(), lake: lakeWriter.counters(), figures: [] }),
    amend: async () => ({}),
    backfill: async () => ({}),
    audit: async () => ({}),
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
      await warehouse.close();
      log.close();
    },
  };
}

/** Says what a loop met; it goes on by itself. */
const failed =
  (loop: string) =>
  (thrown: unknown): void => {
    const { code, message } = asMillraceError(thrown);
    process.stderr.write(`${loop}: ${code}: ${message}\n`);
  };
