import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ClusterAddresses } from "../../engines/cluster-addresses.ts";
import { startReplica, type Replica } from "../../src/runtimes/cluster/replica.fixture.ts";
import { MILLRACE } from "../../src/runtimes/embedded/running.fixture.ts";
import { systemClock } from "../../src/core/clock.ts";
import { openS3LakeReader } from "../../src/storage/lake/s3/s3-lake-reader.ts";
import { S3Client, type S3Connection } from "../../src/storage/lake/s3/s3-client.ts";
import { KafkaClient } from "../../src/storage/log/kafka/kafka-client.ts";
import { clickHouseWarehouse } from "../../src/storage/warehouse/clickhouse-warehouse.ts";
import {
  startWarehouse,
  type WarehouseProcess,
} from "../../src/storage/warehouse/embedded/start-warehouse.ts";
import type { Warehouse } from "../../src/storage/warehouse/warehouse.ts";

export interface ClusterRuntimeOptions {
  readonly addresses: ClusterAddresses;
  readonly definition: string;
  /** Of topics, the bucket and groups. */
  readonly prefix: string;
  readonly folder: string;
}

export type RoleName = "collect" | "stream" | "load" | "lake" | "batch";

const PARTITIONS = 3;
const CHECKPOINT_MS = 2_000;
const run = promisify(execFile);

/** All of a cluster's roles on real engines, each replica a process of its own. */
export class ClusterRuntime {
  readonly #options: ClusterRuntimeOptions;
  readonly #config: string;
  readonly #bucket: S3Connection;
  readonly #replicas = new Map<string, Replica>();
  #server: WarehouseProcess | undefined;
  #warehouse: Warehouse | undefined;

  constructor(options: ClusterRuntimeOptions) {
    this.#options = options;
    this.#config = join(options.folder, "cluster.json");
    this.#bucket = { ...options.addresses.s3!, bucket: options.prefix, pathStyle: true };
  }

  /** The warehouse and what `deploy` makes, then two replicas of those roles that share work. */
  async start(): Promise<void> {
    const { addresses, prefix, folder } = this.#options;
    mkdirSync(folder, { recursive: true });
    const keys = { adminKey: "admin", pipelineKey: "pipeline" };
    this.#server = await startWarehouse({ dataDir: join(folder, "warehouse"), ...keys });
    const { url, database } = this.#server;
    const warehouse = { url, database, user: "pipeline", key: "pipeline" };
    this.#warehouse = clickHouseWarehouse(warehouse);
    const config = {
      ...addresses,
      s3: this.#bucket,
      ...(addresses.flink && { flink: { ...addresses.flink, checkpointMs: CHECKPOINT_MS } }),
      streams: { emitMs: 500 },
      warehouse,
      prefix,
      partitions: PARTITIONS,
    };
    writeFileSync(this.#config, JSON.stringify(config));
    const client = new S3Client(this.#bucket);
    await client.put("", new Uint8Array());
    client.close();
    await this.#deploy();
    await Promise.all([
      this.startReplica("collect", "a"),
      this.startReplica("collect", "b"),
      this.startReplica("stream", "a"),
      this.startReplica("stream", "b"),
      this.startReplica("load", "a"),
      this.startReplica("load", "b"),
      this.startReplica("lake", "a"),
    ]);
  }

  async startReplica(role: RoleName, name: string): Promise<void> {
    const { folder, definition } = this.#options;
    const data = join(folder, `${role}-${name}`);
    const replica = await startReplica({ config: this.#config, role, data, definition });
    this.#replicas.set(`${role} ${name}`, replica);
  }

  /** Ends a replica with -9 and starts another one on its folder. */
  async killReplica(role: RoleName, name: string): Promise<void> {
    await this.#replicas.get(`${role} ${name}`)!.kill();
    await this.startReplica(role, name);
  }

  /** Ends the Java process of a replica; the replica starts another one. */
  async killStreams(name: string): Promise<void> {
    await run("pkill", ["-9", "-f", join(this.#options.folder, `stream-${name}`, "streams")]);
  }

  /** Has the batch role amend metrics, or compute models of days (UTC, both inclusive). */
  async batch(...args: readonly string[]): Promise<void> {
    await run(process.execPath, [MILLRACE, ...args, "--cluster", this.#config]);
  }

  /** Rows that the lake has of a topic. */
  async lakeRows(topic: string): Promise<number> {
    const reader = openS3LakeReader(this.#bucket, systemClock);
    try {
      const files = await reader.files({ topic });
      return files.reduce((sum, { rows }) => sum + rows, 0);
    } finally {
      reader.close();
    }
  }

  /** Where events may be sent. */
  get collectors(): readonly string[] {
    return [...this.#replicas]
      .filter(([name]) => name.startsWith("collect "))
      .map(([, { url }]) => url);
  }

  get warehouse(): Warehouse {
    return this.#warehouse!;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#replicas.values()].map((replica) => replica.stop()));
    await this.#deploy("--stop");
    await this.#warehouse?.close();
    await this.#server?.stop();
    const { addresses, prefix } = this.#options;
    const client = new KafkaClient(addresses.kafka!, prefix);
    const own = (await client.topics()).filter((name) => name.startsWith(prefix));
    await client.deleteTopics(own);
    await client.close();
  }

  async #deploy(...flags: readonly string[]): Promise<void> {
    const { definition } = this.#options;
    const args = [MILLRACE, "deploy", definition, "--cluster", this.#config, ...flags];
    await run(process.execPath, args);
  }
}
