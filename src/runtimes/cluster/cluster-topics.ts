import { alertAvro } from "../../language/compile/avro/alert-avro.ts";
import { metricAvro } from "../../language/compile/avro/metric-avro.ts";
import { topicAvro } from "../../language/compile/avro/topic-avro.ts";
import { isMadeByGate } from "../../language/compile/kafka-streams/made-by-gate.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { topicsOf, type Topic } from "../../language/plan/topic.ts";
import type { KafkaClient, TopicSpec } from "../../storage/log/kafka/kafka-client.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { registerAll, type WantedSchema } from "../../storage/registry/register-all.ts";
import type { Registry } from "../../storage/registry/registry.ts";
import type { ClusterConfig } from "./cluster-config.ts";

/** The namespace of all Avro schemas. */
export const NAMESPACE = "millrace";

/** The log keeps what replaying a day or two needs; the lake keeps the rest. */
const RETENTION_MS = 7 * 86_400_000;

const KEEP = { "retention.ms": String(RETENTION_MS) };
/** Older versions of a row stay until everything has read them. */
const COMPACTED = {
  "cleanup.policy": "compact",
  "min.compaction.lag.ms": String(RETENTION_MS),
  "retention.ms": "-1",
};

/** A topic of the definition that is there, and the ids of its schemas. */
export interface DeployedTopic {
  readonly topic: Topic;
  /** Schema of the raw topic, which collectors write to; none: the gate makes its records. */
  readonly rawSchemaId: number | undefined;
  readonly cleanSchemaId: number;
  readonly partitions: number;
}

/** Every schema of a definition, by what its records are of: topics, rows, alerts. */
export function wantedSchemas(plan: Plan, prefix: string): readonly WantedSchema[] {
  const names = topicNames(prefix);
  const topics = topicsOf(plan);
  const schemas = new Map<string, string>();
  for (const topic of topics) {
    const schema = JSON.stringify(topicAvro(topic, NAMESPACE));
    schemas.set(names.clean(topic.name), schema);
    if (!isMadeByGate(topics, topic)) schemas.set(names.raw(topic.name), schema);
  }
  for (const metric of plan.metrics) {
    schemas.set(names.rows(metric.name), JSON.stringify(metricAvro(metric, NAMESPACE)));
  }
  for (const anomaly of plan.anomalies) {
    schemas.set(names.alerts(anomaly.name), JSON.stringify(alertAvro(anomaly.name, NAMESPACE)));
  }
  return [...schemas].map(([name, schema]) => ({
    subject: `${name}-value`,
    schemaType: "AVRO",
    schema,
    compatibility: "BACKWARD_TRANSITIVE",
  }));
}

/** Every topic of a definition. */
export function wantedTopics(
  plan: Plan,
  { prefix, partitions }: Pick<ClusterConfig, "prefix" | "partitions">,
): readonly TopicSpec[] {
  const names = topicNames(prefix);
  const topics = topicsOf(plan);
  const single = [
    ...[...plan.events, ...plan.tables].map(({ name }) => names.quarantine(name)),
    ...plan.anomalies.map(({ name }) => names.alerts(name)),
    names.ledger,
  ];
  return [
    ...topics.flatMap((topic): TopicSpec[] => {
      const settings = topic.node.kind === "table" ? COMPACTED : KEEP;
      const clean = { name: names.clean(topic.name), partitions, settings };
      if (isMadeByGate(topics, topic)) return [clean];
      return [clean, { name: names.raw(topic.name), partitions, settings: KEEP }];
    }),
    ...plan.metrics.map(({ name }) => ({ name: names.rows(name), partitions, settings: KEEP })),
    ...single.map((name) => ({ name, partitions: 1, settings: KEEP })),
    ...[names.jobs, names.mirror].map((name) => ({
      name,
      partitions: 1,
      settings: { "cleanup.policy": "compact" },
    })),
  ];
}

/**
 * Makes a definition's topics where there are none and registers their schemas: all of them or,
 * when one breaks its subject's compatibility, none (`SCHEMA_INCOMPATIBLE`, naming the field).
 */
export async function deployTopics(
  plan: Plan,
  config: ClusterConfig,
  client: KafkaClient,
  registry: Registry,
): Promise<readonly DeployedTopic[]> {
  const names = topicNames(config.prefix);
  const topics = topicsOf(plan);
  const registered = await registerAll(registry, wantedSchemas(plan, config.prefix));
  const idOf = new Map(registered.map(({ subject, id }) => [subject, id]));
  await client.ensureTopics(wantedTopics(plan, config));
  const there = await client.ends(topics.map(({ name }) => names.clean(name)));
  return topics.map((topic) => ({
    topic,
    rawSchemaId: idOf.get(`${names.raw(topic.name)}-value`),
    cleanSchemaId: idOf.get(`${names.clean(topic.name)}-value`)!,
    partitions: there.filter((each) => each.topic === names.clean(topic.name)).length,
  }));
}
