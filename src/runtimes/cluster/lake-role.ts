import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { randomHex } from "../../core/random.ts";
import { asMillraceError } from "../../core/errors.ts";
import { LakeWriter } from "../../process/load/lake-writer.ts";
import { openHdfsLake } from "../../storage/lake/hdfs/hdfs-lake.ts";
import type { LakeWriterPort } from "../../storage/lake/lake.ts";
import { openS3Lake } from "../../storage/lake/s3/s3-lake.ts";
import { KafkaBatchReader } from "../../storage/log/kafka/kafka-batch-reader.ts";
import type { Membership } from "../../storage/log/kafka/kafka-group.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import { startWarehouse } from "../../storage/warehouse/embedded/start-warehouse.ts";
import { gauge } from "../shared/collector-figures.ts";
import { bucketOf, type ClusterConfig } from "./cluster-config.ts";
import { placesOf } from "./places-of.ts";
import type { Role, RoleOptions } from "./role.ts";
import { serveHealth } from "./serve-health.ts";
import { SharedWork, type MemberWork } from "./shared-work.ts";

const LAKE_EVERY_MS = 1_000;

/**
 * A lake writer: brings clean topics' events into Parquet files of an object store or HDFS, exactly once.
 * Any number of them share the partitions; positions are the lake's own. The files are made by an
 * engine of its own, that keeps nothing.
 */
export async function startLake(options: RoleOptions): Promise<Role> {
  const { parts, settings, clock, onProblem } = options;
  const { client, config } = parts;
  const names = topicNames(config.prefix);
  const tell = (thrown: unknown): void => onProblem(asMillraceError(thrown).message);
  mkdirSync(settings.dataDir, { recursive: true });
  const keys = { adminKey: randomHex(24), pipelineKey: randomHex(24) };
  const engine = await startWarehouse({ dataDir: join(settings.dataDir, "engine"), ...keys });
  const { url, database } = engine;
  const warehouse = clickHouseWarehouse({ url, database, user: "pipeline", key: keys.pipelineKey });
  const stagingDir = join(settings.dataDir, "staging");
  const lake = await openLake(config, { stagingDir, clock });
  const reader = new KafkaBatchReader({ client, rows: parts.rows, nameOf: names.clean });
  const group = client.group(
    `${names.ledger}.lake`,
    parts.topics.map(({ topic }) => names.clean(topic.name)),
  );
  let rows = 0;
  const begin = async (membership: Membership): Promise<MemberWork> => {
    const places = placesOf(membership, parts.topics, names.clean, await lake.positions());
    await reader.assign(places);
    const own = new Set(places.map(({ topic, partition }) => `${partition} ${topic}`));
    const writer = new LakeWriter({
      log: reader,
      lake,
      warehouse,
      dir: join(settings.dataDir, "spool"),
      topics: parts.topics.map(({ topic: { name, time } }) => ({ name, time })),
      layoutOf: (_topic, schemaId) => parts.layoutOf(schemaId).layout,
      clock,
      rollMsMax: settings.lakeRollMs,
      isOwn: (topic, partition) => own.has(`${partition} ${topic}`),
    });
    return {
      step: async () => {
        const step = await writer.step();
        rows += step.rows;
        return step;
      },
      intervalMs: LAKE_EVERY_MS,
    };
  };
  const work = new SharedWork({ begin, clock, onError: tell });
  await group.join((membership) => work.take(membership));
  const health = await serveHealth(settings, onProblem, {
    parts: async () => [{ part: "kafka", ready: await client.isReady() }],
    figures: async () => [
      gauge("millrace_lake_rows_total", "Rows that were brought to the lake", rows, "counter"),
    ],
  });
  return {
    url: health.url,
    close: async () => {
      await health.close();
      await work.close();
      await group.close();
      await reader.close();
      lake.close();
      await warehouse.close();
      await engine.stop();
    },
  };
}

/** The bucket's; where the file names none, that of a folder of HDFS. */
function openLake(
  config: ClusterConfig,
  options: { readonly stagingDir: string; readonly clock: RoleOptions["clock"] },
): Promise<LakeWriterPort> {
  const { s3, hdfs } = config;
  return s3?.bucket === undefined && hdfs?.path !== undefined
    ? openHdfsLake({ ...options, connection: hdfs })
    : openS3Lake({ ...options, connection: bucketOf(config) });
}
