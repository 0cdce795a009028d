import { readFileSync } from "node:fs";
import { asMillraceError, MillraceError } from "../../core/errors.ts";
import type { RedisConnection } from "../../storage/cache/redis/redis-cache.ts";
import type { HdfsConnection } from "../../storage/lake/hdfs/hdfs-client.ts";
import type { S3Connection } from "../../storage/lake/s3/s3-client.ts";
import type { KafkaConnection } from "../../storage/log/kafka/kafka-client.ts";
import type { RegistryConnection } from "../../storage/registry/confluent/confluent-rest.ts";
import type { RemoteWriteConnection } from "../../storage/series/remote-write/remote-write-store.ts";
import type { SparkConfig } from "./spark/spark-program.ts";
import { sourcesProblem, type SourcesConfig } from "./cluster-sources.ts";

/** Where the engines of a cluster are: the file that `--cluster` names. */
export interface ClusterConfig extends SourcesConfig {
  readonly kafka: KafkaConnection;
  readonly registry: RegistryConnection;
  /** A ClickHouse, and the user who may write to it. */
  readonly warehouse?: {
    readonly url: string;
    readonly database: string;
    readonly user: string;
    readonly key: string;
    /** Of several servers: the name of their cluster, on all of which tables are. */
    readonly cluster?: string;
  };
  /** An object store, for the lake; `bucket` is there already. */
  readonly s3?: S3Connection;
  /** A folder of HDFS, for the lake where there is no `s3`. */
  readonly hdfs?: HdfsConnection;
  /** A Redis, for answers that are asked for often; absent: each replica keeps its own. */
  readonly redis?: RedisConnection;
  readonly flink?: FlinkConfig;
  /** Spark, for batch; without it ClickHouse does it. */
  readonly spark?: SparkConfig;
  /** Kafka Connect's REST API. */
  readonly connect?: { readonly url: string };
  /** An MQTT 5 broker: `mqtt://` or `mqtts://`, with user and password where it asks for them. */
  readonly mqtt?: { readonly url: string };
  /** A time-series database that takes Prometheus' remote write; loaders write metrics there. */
  readonly victoriaMetrics?: RemoteWriteConnection;
  /** How replicas of the role `stream` run. */
  readonly streams?: StreamsConfig;
  /** Goes before every topic's name, with a dot; none where it is empty. */
  readonly prefix: string;
  /** Of topics that don't exist yet. */
  readonly partitions: number;
}

/** Where Flink is, and how its jobs run. */
export interface FlinkConfig {
  /** The SQL gateway's REST API. */
  readonly gatewayUrl: string;
  /** The JobManager's. */
  readonly restUrl: string;
  /** How often a job takes a checkpoint, and so publishes its rows, ms; 60,000 by default. */
  readonly checkpointMs?: number;
  /** On how many tasks a job runs; 1 by default. */
  readonly parallelism?: number;
  /** Where savepoints go, as a URL; Flink's own setting where it is absent. */
  readonly savepointDir?: string;
  /** The jar of our functions, as a URL that the gateway can read; built by Maven without one. */
  readonly functionsJar?: string;
}

/** What may be set about Kafka Streams; everything has a default. */
export interface StreamsConfig {
  /** Of the gate, and of the metrics, in each replica; 1 by default. */
  readonly threads?: number;
  /** How often changed rows are put out, ms; 1,000 by default. */
  readonly emitMs?: number;
  /** The runner's jar, its libraries in `lib` beside it; without one it is built by Maven. */
  readonly jar?: string;
  /** Of its Java, such as `-Xmx2g`. */
  readonly javaFlags?: readonly string[];
}

const DEFAULTS = { prefix: "", partitions: 12 };
const PARTITIONS_MAX = 1_000;
const THREADS_MAX = 256;
/** A transaction may last a minute. */
const EMIT_MS_MAX = 30_000;
/** Flink's transactions last from one checkpoint to the next, 15 minutes at most. */
const CHECKPOINT_MS_MAX = 600_000;

/** Where the lake's bucket is; `CONFIG_INVALID` where the file doesn't say. */
export function bucketOf({ s3 }: Pick<ClusterConfig, "s3">): S3Connection {
  if (s3?.bucket !== undefined) return s3;
  throw new MillraceError("CONFIG_INVALID", "the cluster's file doesn't say where the lake is", {
    field: "s3.bucket",
    hint: `add "s3": { "endpoint", "region", "bucket", "accessKey", "secretKey" } to it`,
  });
}

/** Where ClickHouse is; `CONFIG_INVALID` where the file doesn't say. */
export function warehouseOf({ warehouse }: ClusterConfig): NonNullable<ClusterConfig["warehouse"]> {
  if (warehouse !== undefined) return warehouse;
  throw new MillraceError("CONFIG_INVALID", "the cluster's file doesn't say where ClickHouse is", {
    field: "warehouse",
    hint: `add "warehouse": { "url", "database", "user", "key" } to it`,
  });
}

/** Where Flink is; `CONFIG_INVALID` where the file doesn't say. */
export function flinkOf({ flink }: ClusterConfig): FlinkConfig {
  if (flink !== undefined) return flink;
  throw new MillraceError("CONFIG_INVALID", "the cluster's file doesn't say where Flink is", {
    field: "flink",
    hint: `add "flink": { "gatewayUrl", "restUrl" } to it`,
  });
}

/** Reads a cluster's file. `CONFIG_INVALID` names the member that is missing or wrong. */
export function readClusterConfig(path: string): ClusterConfig {
  const file = parsed(path);
  const invalid = (field: string, message: string): MillraceError =>
    new MillraceError("CONFIG_INVALID", `${path}: ${message}`, {
      field,
      hint: "docs/guides/cluster.md shows such a file; `millrace cluster up` writes one",
    });
  const { kafka, registry, prefix = "", partitions = DEFAULTS.partitions } = file;
  if (!Array.isArray(kafka?.bootstrap) || kafka.bootstrap.length === 0) {
    throw invalid("kafka.bootstrap", "it doesn't say where Kafka's brokers are");
  }
  if (typeof registry?.url !== "string") {
    throw invalid("registry.url", "it doesn't say where the schema registry is");
  }
  if (typeof prefix !== "string" || !/^[A-Za-z0-9_-]*$/.test(prefix)) {
    throw invalid("prefix", "a prefix has letters, digits, - and _ only");
  }
  for (const [field, value, most] of numbersOf(file)) {
    if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= most)) continue;
    throw invalid(field, `${field} is a whole number from 1 to ${most}`);
  }
  const wrong = sourcesProblem(file.sources);
  if (wrong !== undefined) throw invalid(wrong.field, wrong.message);
  return { ...file, kafka, registry, prefix, partitions };
}

/** Numbers that may be set, and what each may be at most. */
const numbersOf = ({ partitions, streams, flink }: Partial<ClusterConfig>) =>
  [
    ["partitions", partitions, PARTITIONS_MAX],
    ["streams.threads", streams?.threads, THREADS_MAX],
    ["streams.emitMs", streams?.emitMs, EMIT_MS_MAX],
    ["flink.checkpointMs", flink?.checkpointMs, CHECKPOINT_MS_MAX],
    ["flink.parallelism", flink?.parallelism, PARTITIONS_MAX],
  ] as const;

function parsed(path: string): Partial<ClusterConfig> {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Partial<ClusterConfig>;
  } catch (thrown) {
    const { message } = asMillraceError(thrown);
    throw new MillraceError("CONFIG_INVALID", `the cluster's file can't be read: ${message}`, {
      field: "--cluster",
      cause: thrown,
    });
  }
}
