import { canonicalJson } from "../../../core/canonical-json.ts";
import { fingerprint } from "../../../core/fingerprint.ts";
import {
  FLINK_SETTINGS,
  flinkStatements,
  statementSet,
} from "../../../language/compile/flink/compile-flink.ts";
import { planFor } from "../../../language/plan/engine.ts";
import type { MetricNode, Plan } from "../../../language/plan/nodes.ts";
import { anomalyMeaning, metricMeaning } from "../../../language/plan/plan-json.ts";
import { topicNames } from "../../../storage/log/kafka/topic-names.ts";
import { flinkOf, type ClusterConfig } from "../cluster-config.ts";
import { javaKafkaProperties } from "../java-kafka.ts";

/** A job as a definition wants it: one metric, with the anomalies that watch it. */
export interface WantedJob {
  /** Also its consumer group, and what its transactions' ids begin with. */
  readonly name: string;
  readonly metric: MetricNode;
  /** What it computes. State of another meaning is of no use to it. */
  readonly meaning: string;
  /** Everything that it is made of: with another one, the job is another. */
  readonly hash: string;
  /** Of the session that starts it. */
  readonly settings: Readonly<Record<string, string>>;
  /** In order; the last one starts it. `sinceMs`: windows that start before it are left out. */
  readonly statements: (sinceMs?: number) => readonly string[];
}

/** What Flink calls a job: its hash tells whether a job that runs is the one that is wanted. */
export const flinkName = ({
  name,
  hash,
}: {
  readonly name: string;
  readonly hash: string;
}): string => `${name} ${hash}`;

const CHECKPOINT_MS = 60_000;
/** What Flink's jar of Kafka's client puts before the names of its classes. */
const SHADED = "org.apache.flink.kafka.shaded.";

/**
 * The jobs that compute what of a plan is Flink's. `partitionsOf` says how many a topic has: no more
 * tasks read it. Throws `UNSUPPORTED_BY_ENGINE`, and `CONFIG_INVALID` where the file has no Flink.
 */
export function wantedJobs(
  plan: Plan,
  config: ClusterConfig,
  functionsJar: string | undefined,
  partitionsOf: (topic: string) => number,
): readonly WantedJob[] {
  const own = planFor("flink", plan);
  if (own.metrics.length === 0) return [];
  const { checkpointMs = CHECKPOINT_MS, parallelism = 1 } = flinkOf(config);
  const { kafka, registry, prefix } = config;
  const { auth } = registry;
  return own.metrics.map((metric) => {
    const name = topicNames(prefix).clean(metric.name);
    const options = {
      metrics: [metric.name],
      job: name,
      ...(prefix !== "" && { prefix }),
      bootstrap: kafka.bootstrap,
      properties: javaKafkaProperties(kafka, SHADED),
      registryUrl: registry.url,
      ...(auth !== undefined && { registryOptions: registryOptions(auth) }),
      ...(functionsJar !== undefined && { functionsJar }),
      sourceParallelism: Math.min(parallelism, partitionsOf(metric.from)),
    };
    const statements: WantedJob["statements"] = (sinceMs) => {
      const since = sinceMs === undefined ? {} : { sinceMs };
      const { tables, inserts } = flinkStatements(own, { ...options, ...since });
      return [...tables, statementSet(inserts)];
    };
    const settings = {
      ...FLINK_SETTINGS,
      "execution.checkpointing.interval": `${checkpointMs} ms`,
      "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
      "parallelism.default": String(parallelism),
    };
    const watching = own.anomalies.filter((anomaly) => anomaly.metric === metric.name);
    const meanings = watching.map((anomaly) => anomalyMeaning(anomaly, metric));
    const meaning = fingerprint(canonicalJson([metricMeaning(metric), ...meanings.toSorted()]));
    const hash = fingerprint(canonicalJson([settings, statements()])).slice(0, 8);
    return { name, metric, meaning, hash, settings, statements };
  });
}

/** How the registry lets a job in, as Flink's format calls it. */
const registryOptions = (
  auth: NonNullable<ClusterConfig["registry"]["auth"]>,
): Readonly<Record<string, string>> =>
  "token" in auth
    ? { "bearer-auth.credentials-source": "STATIC_TOKEN", "bearer-auth.token": auth.token }
    : {
        "basic-auth.credentials-source": "USER_INFO",
        "basic-auth.user-info": `${auth.username}:${auth.password}`,
      };
