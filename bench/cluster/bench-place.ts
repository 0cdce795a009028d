import type { CaseCluster } from "../../conformance/cluster/records.ts";
import type { ClusterAddresses } from "../../engines/cluster-addresses.ts";
import type { Cluster } from "../../engines/cluster.ts";
import { metricAvro } from "../../src/language/compile/avro/metric-avro.ts";
import type { MetricNode } from "../../src/language/plan/nodes.ts";
import { NAMESPACE } from "../../src/runtimes/cluster/cluster-topics.ts";
import { topicNames } from "../../src/storage/log/kafka/topic-names.ts";
import { openConfluentRegistry } from "../../src/storage/registry/confluent/confluent-registry.ts";
import { registerAll } from "../../src/storage/registry/register-all.ts";

export type BenchAddresses = Required<Pick<ClusterAddresses, "kafka" | "registry" | "flink">>;

/** Where a benchmark's topics lie: the engines, and what all of its topics begin with. */
export interface BenchPlace {
  readonly addresses: BenchAddresses;
  /** What runs there. */
  readonly engines: Cluster;
  /** The clean topic that everything reads. */
  readonly input: string;
  /** For what the engines keep on disk; removed at the end. */
  readonly folder: string;
  readonly cluster: CaseCluster;
}

export const PARTITIONS = 12;

/** Makes the topic of a metric's rows under a prefix, and registers its schema; gives its name. */
export async function makeRowsTopic(
  { cluster, addresses }: BenchPlace,
  metric: MetricNode,
  prefix: string,
): Promise<string> {
  const name = topicNames(prefix).rows(metric.name);
  const registry = openConfluentRegistry(addresses.registry);
  const schema = JSON.stringify(metricAvro(metric, NAMESPACE));
  await registerAll(registry, [
    { subject: `${name}-value`, schemaType: "AVRO", schema, compatibility: "NONE" },
  ]);
  await registry.close();
  await cluster.client.ensureTopics([{ name, partitions: PARTITIONS }]);
  return name;
}

/** Deletes every topic that begins with a prefix: also what engines made there for themselves. */
export async function forgetTopics({ cluster }: BenchPlace, prefix: string): Promise<void> {
  const topics = await cluster.client.topics();
  await cluster.client.deleteTopics(topics.filter((name) => name.startsWith(prefix)));
}
