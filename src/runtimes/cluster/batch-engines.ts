import type { Clock } from "../../core/clock.ts";
import { UNIT_MS } from "../../core/time.ts";
import type { BatchEngine } from "../../process/batch/batch-engine.ts";
import { ClickHouseEngine } from "../../process/batch/clickhouse-engine.ts";
import type { LakeReader } from "../../storage/lake/lake.ts";
import { S3Client } from "../../storage/lake/s3/s3-client.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { bucketOf, type ClusterConfig } from "./cluster-config.ts";
import { s3FilesSql } from "./s3-relation.ts";
import { SparkEngine } from "./spark/spark-engine.ts";
import { SparkSession } from "./spark/spark-session.ts";
import { sparkSettings } from "./spark/spark-settings.ts";
import { Staging } from "./spark/staging.ts";

export interface BatchEngineOptions {
  readonly config: Pick<ClusterConfig, "s3" | "spark">;
  readonly lake: LakeReader;
  readonly warehouse: Warehouse;
  /** A folder for what can be made again. */
  readonly dir: string;
  readonly clock: Clock;
}

/** An engine that holds processes or connections. */
export interface OpenBatchEngine extends BatchEngine {
  close(): Promise<void>;
}

const SPARK_IDLE_MS = 15 * UNIT_MS.m;

/** The batch engine that a cluster has: Spark over the lake or, without it, its ClickHouse. */
export async function openBatchEngine(options: BatchEngineOptions): Promise<OpenBatchEngine> {
  const { config, lake, warehouse, dir, clock } = options;
  const bucket = bucketOf(config);
  if (config.spark === undefined) return clickHouseOverS3(options);
  const staging = new Staging(bucket, clock.nowMs());
  await staging.clearLeft(clock.nowMs());
  const spark = new SparkSession({
    config: config.spark,
    settings: sparkSettings(bucket),
    dir,
    idleMs: SPARK_IDLE_MS,
  });
  const engine = new SparkEngine({ spark, lake, warehouse, staging });
  return Object.assign(engine, {
    close: async () => {
      await spark.close();
      await staging.clear();
      staging.close();
    },
  });
}

function clickHouseOverS3({ config, lake, warehouse }: BatchEngineOptions): OpenBatchEngine {
  const bucket = bucketOf(config);
  const client = new S3Client(bucket);
  const engine = new ClickHouseEngine({
    warehouse,
    lake,
    filesSql: s3FilesSql(bucket, client),
  });
  return Object.assign(engine, { close: async () => client.close() });
}
