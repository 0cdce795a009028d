import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterAddresses } from "../../engines/cluster-addresses.ts";
import { S3Client } from "../../src/storage/lake/s3/s3-client.ts";
import { KafkaClient } from "../../src/storage/log/kafka/kafka-client.ts";
import { clickHouseWarehouse } from "../../src/storage/warehouse/clickhouse-warehouse.ts";
import { startWarehouse } from "../../src/storage/warehouse/embedded/start-warehouse.ts";
import type { Warehouse } from "../../src/storage/warehouse/warehouse.ts";

/** A cluster that nothing was deployed to yet: its file, its warehouse, its bucket. */
export interface TargetCluster {
  readonly config: string;
  readonly warehouse: Warehouse;
  /** Removes what was made in it. */
  remove(): Promise<void>;
}

const PARTITIONS = 3;

export async function makeTargetCluster(
  { kafka, registry, s3 }: ClusterAddresses,
  prefix: string,
  folder: string,
): Promise<TargetCluster> {
  mkdirSync(folder, { recursive: true });
  const keys = { adminKey: "admin", pipelineKey: "pipeline" };
  const server = await startWarehouse({ dataDir: join(folder, "warehouse"), ...keys });
  const { url, database } = server;
  const place = { url, database, user: "pipeline", key: "pipeline" };
  const warehouse = clickHouseWarehouse(place);
  const bucket = { ...s3!, bucket: prefix, pathStyle: true };
  const objects = new S3Client(bucket);
  await objects.put("", new Uint8Array());
  objects.close();
  const config = join(folder, "cluster.json");
  const parts = { kafka, registry, s3: bucket, warehouse: place, prefix, partitions: PARTITIONS };
  writeFileSync(config, JSON.stringify({ ...parts, streams: { emitMs: 500 } }));
  return {
    config,
    warehouse,
    remove: async () => {
      await warehouse.close();
      await server.stop();
      const client = new KafkaClient(kafka!, prefix);
      await client.deleteTopics((await client.topics()).filter((name) => name.startsWith(prefix)));
      await client.close();
    },
  };
}
