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

/** A topic of the definition that is there, and the ids of its schemas. */
export interface DeployedTopic {
  readonly topic: Topic;
  /** Schema of the raw topic, which collectors write to; none: the gate makes its records. */
  readonly rawSchemaId: number | undefined;
  readonly cleanSchemaId: number;
  readonly partitions: number;
}

/**
 * Makes a definition's topics where there are none and registers their schemas: all of them or,
 * when one breaks its subject's compatibility, none (`SCHEMA_INCOMPATIBLE`, naming the field).
 */
export async function deployTopics(
  plan: Plan,
  { prefix, partitions }: ClusterConfig,
  client: KafkaClient,
  registry: Registry,
): Promise<readonly DeployedTopic[]> {
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
  const registered = await registerAll(registry, [...schemas].map(wantedSchema));
  const idOf = new Map(registered.map(({ subject, id }) => [subject, id]));

  const keep = { "retention.ms": String(RETENTION_MS) };
  // Older versions of a row stay until everything has read them.
  const compacted = {
    "cleanup.policy": "compact",
    "min.compaction.lag.ms": String(RETENTION_MS),
    "retention.ms": "-1",
  };
  const single = [
    ...plan.events.map(({ name }) => names.quarantine(name)),
    ...plan.anomalies.map(({ name }) => names.alerts(name)),
    names.ledger,
  ];
  await client.ensureTopics([
    ...topics.flatMap((topic): TopicSpec[] => {
      const settings = topic.node.kind === "table" ? compacted : keep;
      const clean = { name: names.clean(topic.name), partitions, settings };
      if (isMadeByGate(topics, topic)) return [clean];
      return [clean, { name: names.raw(topic.name), partitions, settings: keep }];
    }),
    ...plan.metrics.map(({ name }) => ({ name: names.rows(name), partitions, settings: keep })),
    ...single.map((name) => ({ name, partitions: 1, settings: keep })),
  ]);
  const there = await client.ends(topics.map(({ name }) => names.clean(name)));
  return topics.map((topic) => ({
    topic,
    rawSchemaId: idOf.get(`${names.raw(topic.name)}-value`),
    cleanSchemaId: idOf.get(`${names.clean(topic.name)}-value`)!,
    partitions: there.filter((each) => each.topic === names.clean(topic.name)).length,
  }));
}

const wantedSchema = ([name, schema]: readonly [string, string]): WantedSchema => ({
  subject: `${name}-value`,
  schemaType: "AVRO",
  schema,
  compatibility: "BACKWARD_TRANSITIVE",
});
