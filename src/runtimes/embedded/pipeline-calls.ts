import type { RetentionOptions } from "../../language/compile/clickhouse/plan-tables.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import type { LoadCounter } from "../../process/load/load-counters.ts";
import type { Figure } from "../../serve/observe/figures.ts";
import type { MetricSummary } from "../../serve/live/metric-summary.ts";
import type { MetricQuery } from "../../serve/metrics/metric-query.ts";
import type { ReaderPosition } from "../../storage/log/log.ts";

/** What the pipeline's process is started with. */
export interface PipelineConfig {
  readonly dataDir: string;
  /** `serialisePlan` of the definition. */
  readonly plan: string;
  readonly warehouse: { readonly url: string; readonly database: string; readonly key: string };
  readonly lakeFormat: "parquet" | "orc";
  readonly lakeRollMs: number;
  readonly amendEveryMs: number;
  /** How long the warehouse keeps what. */
  readonly retention: RetentionOptions;
}

/** What the pipeline's process says of itself. */
export interface PipelineStats {
  readonly load: readonly LoadCounter[];
  readonly lake: readonly LoadCounter[];
  readonly figures: readonly Figure[];
}

/** What to amend, or which range to compute again. */
export interface BatchRequest {
  /** Wait until the lake has everything that the log has now. */
  readonly wait?: boolean;
  /** UTC days, both inclusive. */
  readonly fromDay?: string;
  readonly toDay?: string;
  readonly name?: string;
}

/** Calls that the pipeline's process answers. */
export type PipelineCalls = {
  start(config: PipelineConfig): Promise<void>;
  openRows(request: {
    readonly metric: string;
    readonly query: MetricQuery;
  }): Promise<readonly MetricRow[]>;
  summaries(request: undefined): Promise<readonly MetricSummary[]>;
  stats(request: undefined): Promise<PipelineStats>;
  amend(request: BatchRequest): Promise<unknown>;
  backfill(request: BatchRequest): Promise<unknown>;
  audit(request: BatchRequest): Promise<unknown>;
  stop(request: undefined): Promise<void>;
};

/** Calls that the main process answers. */
export type MainCalls = {
  setPositions(request: {
    readonly reader: string;
    readonly positions: readonly ReaderPosition[];
  }): Promise<void>;
};
