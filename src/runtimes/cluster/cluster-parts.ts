import type { Layout } from "../../language/schema/layout.ts";
import { KafkaClient } from "../../storage/log/kafka/kafka-client.ts";
import { RowBatches } from "../../storage/log/kafka/row-batches.ts";
import { openConfluentRegistry } from "../../storage/registry/confluent/confluent-registry.ts";
import type { Registry } from "../../storage/registry/registry.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { deployTopics, type DeployedTopic } from "./cluster-topics.ts";
import { KnownLayouts } from "./known-layouts.ts";
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
    const layouts = new KnownLayouts(topics, registry, topicNames(config.prefix));
    await layouts.read();
    return {
      config,
      client,
      registry,
      topics,
      rows: new RowBatches(layouts),
      layoutOf: (schemaId) => layouts.of(schemaId),
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
