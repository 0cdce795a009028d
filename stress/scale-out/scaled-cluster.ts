import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processTree } from "../../bench/machine/process-tree.ts";
import type { ClusterAddresses } from "../../engines/cluster-addresses.ts";
import { startReplica, type Replica } from "../../src/runtimes/cluster/replica.fixture.ts";
import { parseMetrics } from "../../src/runtimes/cluster/streams/runner-metrics.ts";
import { KafkaClient } from "../../src/storage/log/kafka/kafka-client.ts";
import { clickHouseWarehouse } from "../../src/storage/warehouse/clickhouse-warehouse.ts";
import {
  startWarehouse,
  type WarehouseProcess,
} from "../../src/storage/warehouse/embedded/start-warehouse.ts";
import type { Warehouse } from "../../src/storage/warehouse/warehouse.ts";
import { bodiesOf } from "./visits.ts";

export const ROLES = ["collect", "stream", "load"] as const;
export type ScaledRole = (typeof ROLES)[number];

/** What each replica of each role has done: events taken, records processed, rows loaded. */
export type Work = Readonly<Record<ScaledRole, readonly number[]>>;

/** CPU time of all replicas of each role, ms. */
export type RoleCpu = Readonly<Record<ScaledRole, number>>;

export interface ScaledClusterOptions {
  readonly addresses: Required<Pick<ClusterAddresses, "kafka" | "registry">>;
  readonly folder: string;
  readonly prefix: string;
  /** Of each role. */
  readonly replicas: number;
}

const DEFINITION = join(import.meta.dirname, "pipeline.ts");
const PARTITIONS = 12;
const TOPICS = 2;
const KEY = "pipeline";
/** Requests under way, however many collectors there are. */
const SENDERS = 3;
const ASK_EVERY_MS = 250;

/** What is counted of the work of each role, by the name of its figure. */
const FIGURES: Readonly<Record<ScaledRole, RegExp>> = {
  collect: /^millrace_collect_events_total\{.*fate="accepted"/,
  stream: /^kafka_stream_thread_metrics_process_total\{/,
  load: /^millrace_load_rows_total$/,
};

/** So many collectors, Kafka Streams and loaders, each a process of its own, with a warehouse. */
export class ScaledCluster {
  readonly #options: ScaledClusterOptions;
  readonly #replicas: Record<ScaledRole, Replica[]> = { collect: [], stream: [], load: [] };
  #server: WarehouseProcess | undefined;
  #warehouse: Warehouse | undefined;
  #visits = 0;

  constructor(options: ScaledClusterOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { addresses, folder, prefix, replicas } = this.#options;
    mkdirSync(folder, { recursive: true });
    const dataDir = join(folder, "warehouse");
    this.#server = await startWarehouse({ dataDir, adminKey: "admin", pipelineKey: KEY });
    const { url, database } = this.#server;
    const warehouse = { url, database, user: "pipeline", key: KEY };
    this.#warehouse = clickHouseWarehouse(warehouse);
    const config = join(folder, "cluster.json");
    // Java's second compiler would go on for longer than a test.
    const streams = { emitMs: 500, javaFlags: ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"] };
    const settings = { ...addresses, warehouse, streams, prefix, partitions: PARTITIONS };
    writeFileSync(config, JSON.stringify(settings));
    for (let replica = 0; replica < replicas; replica++) {
      for (const role of ROLES) {
        const data = join(folder, `${role}-${replica}`);
        const options = { config, role, data, definition: DEFINITION };
        this.#replicas[role].push(await startReplica(options));
      }
    }
    await this.#untilShared();
  }

  /** Sends visits, the same for the same seed but for their times, and waits until all are counted. */
  async count(visits: number, seed: string): Promise<void> {
    const bodies = bodiesOf(visits, seed, Date.now());
    const { collect } = this.#replicas;
    let next = 0;
    const send = async (): Promise<void> => {
      for (let at = next++; at < bodies.length; at = next++) {
        const { topic, body, events } = bodies[at]!;
        const answer = await fetch(
          `${collect[at % collect.length]!.url}/v1/events?topic=${topic}`,
          {
            method: "POST",
            headers: { authorization: "Bearer dev" },
            body,
          },
        );
        const { accepted } = (await answer.json()) as { readonly accepted: number };
        if (accepted !== events) throw new Error(`${accepted} of ${events} were accepted`);
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, send));
    this.#visits += visits;
    await until(async () => {
      const [row] = await this.#warehouse!.query<Record<"loaded" | "viewed" | "stayed", string>>(
        "SELECT (SELECT count() FROM visits) AS loaded, (SELECT sum(views) FROM views) AS viewed, (SELECT sum(visits) FROM stays) AS stayed",
      );
      const least = Math.min(Number(row?.loaded), Number(row?.viewed), Number(row?.stayed));
      return least >= this.#visits;
    });
  }

  /** What each replica has done since its start. */
  async work(): Promise<Work> {
    const of = (role: ScaledRole): Promise<readonly number[]> =>
      Promise.all(this.#replicas[role].map(({ url }) => figureOf(url, FIGURES[role])));
    return { collect: await of("collect"), stream: await of("stream"), load: await of("load") };
  }

  /** What each role has used since its start. */
  cpu(): RoleCpu {
    const of = (role: ScaledRole): number =>
      this.#replicas[role]
        .flatMap(({ pid }) => processTree(pid))
        .reduce((sum, { cpuUs }) => sum + cpuUs / 1_000, 0);
    return { collect: of("collect"), stream: of("stream"), load: of("load") };
  }

  /** Everything that is in the warehouse, without times. */
  async totals(): Promise<unknown> {
    const query = (sql: string): Promise<unknown> => this.#warehouse!.query(sql);
    return {
      visits: await query("SELECT count() AS n, uniqExact(visit_id) AS ids FROM visits"),
      orders: await query(
        "SELECT count() AS n, uniqExact(order_id) AS ids, sum(amount) AS amount FROM orders",
      ),
      views: await query("SELECT page, sum(views) AS n FROM views GROUP BY page ORDER BY page"),
      stays: await query(
        "SELECT person, sum(visits) AS n FROM stays GROUP BY person ORDER BY person",
      ),
    };
  }

  async stop(): Promise<void> {
    const all = ROLES.flatMap((role) => this.#replicas[role]);
    await Promise.all(all.map((replica) => replica.stop()));
    await this.#warehouse?.close();
    await this.#server?.stop();
    const { addresses, prefix } = this.#options;
    const client = new KafkaClient(addresses.kafka, prefix);
    const own = (await client.topics()).filter((name) => name.startsWith(`${prefix}.`));
    await client.deleteTopics(own);
    await client.close();
  }

  /** Until loaders have all partitions among them, and every Java process reads. */
  async #untilShared(): Promise<void> {
    const { load, stream } = this.#replicas;
    await until(async () => {
      const partitions = await Promise.all(
        load.map(({ url }) => figureOf(url, /^millrace_load_partitions$/)),
      );
      const ready = await Promise.all(
        stream.map(async ({ url }) => (await fetch(`${url}/readyz`)).ok),
      );
      const all = partitions.reduce((sum, each) => sum + each, 0);
      return all === TOPICS * PARTITIONS && !partitions.includes(0) && !ready.includes(false);
    });
  }
}

/** The sum of a replica's figures with such a name. */
async function figureOf(url: string, name: RegExp): Promise<number> {
  const metrics = parseMetrics(await (await fetch(`${url}/metrics`)).text());
  return [...metrics].reduce((sum, [id, value]) => (name.test(id) ? sum + value : sum), 0);
}

/** The test's own time limit ends it. */
async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await sleep(ASK_EVERY_MS);
}
