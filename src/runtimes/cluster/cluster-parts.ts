import { canonicalJson, type Json } from "../../core/canonical-json.ts";
import { MillraceError } from "../../core/errors.ts";
import { layoutOfAvro } from "../../language/compile/avro/layout-of-avro.ts";
import { topicAvro } from "../../language/compile/avro/topic-avro.ts";
import type { Layout } from "../../language/schema/layout.ts";
import { KafkaClient } from "../../storage/log/kafka/kafka-client.ts";
import { RowBatches } from "../../storage/log/kafka/row-batches.ts";
import { openConfluentRegistry } from "../../storage/registry/confluent/confluent-registry.ts";
import type { Registry } from "../../storage/registry/registry.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { topicNames, type TopicNames } from "../../storage/log/kafka/topic-names.ts";
import { deployTopics, NAMESPACE, type DeployedTopic } from "./cluster-topics.ts";
import type { Plan } from "../../language/plan/nodes.ts";

/** The adapters that every role stands on, and the topics of its definition. */
export interface ClusterParts {
  readonly config: ClusterConfig;
  readonly client: KafkaClient;
  readonly registry: Registry;
  readonly topics: readonly DeployedTopic[];
  readonly rows: RowBatches;
  /** The layout of the rows that were written with a schema. */
  readonly layoutOf: (schemaId: number) => { readonly layout: Layout; readonly time: string };
  close(): Promise<void>;
}

/** Connects to a cluster, and makes what a definition needs there. */
export async function openCluster(
  plan: Plan,
  config: ClusterConfig,
  clientId: string,
): Promise<ClusterParts> {
  const client = new KafkaClient(config.kafka, clientId);
  const registry = openConfluentRegistry(config.registry);
  try {
    const topics = await deployTopics(plan, config, client, registry);
    const layouts = await readLayouts(topics, registry, topicNames(config.prefix));
    const layoutOf: ClusterParts["layoutOf"] = (schemaId) => {
      const known = layouts.get(schemaId);
      if (known !== undefined) return known;
      throw new MillraceError(
        "STORAGE_CORRUPT",
        `no schema of the definition has the id ${schemaId}`,
      );
    };
    return {
      config,
      client,
      registry,
      topics,
      rows: new RowBatches(layoutOf),
      layoutOf,
      close: async () => {
        await registry.close();
        await client.close();
      },
    };
  } catch (error) {
    await registry.close();
    await client.close();
    throw error;
  }
}

type Layouts = ReadonlyMap<number, { readonly layout: Layout; readonly time: string }>;

/** The layouts of all versions of the topics' schemas: records of earlier ones stay readable. */
async function readLayouts(
  topics: readonly DeployedTopic[],
  registry: Registry,
  names: TopicNames,
): Promise<Layouts> {
  const layouts = new Map<number, { readonly layout: Layout; readonly time: string }>();
  for (const { topic } of topics) {
    const current = JSON.stringify(topicAvro(topic, NAMESPACE));
    for (const name of [names.raw(topic.name), names.clean(topic.name)]) {
      for (const version of await registry.versions(`${name}-value`, "exclude")) {
        const found = await registry.version(`${name}-value`, version);
        if (found === undefined) continue;
        const layout = isSame(found.schema, current) ? topic.layout : layoutOfAvro(found.schema);
        layouts.set(found.id, { layout, time: topic.time });
      }
    }
  }
  return layouts;
}

const isSame = (one: string, other: string): boolean =>
  canonicalJson(JSON.parse(one) as Json) === canonicalJson(JSON.parse(other) as Json);
