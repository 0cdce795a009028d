import { join } from "node:path";
import { asMillraceError } from "../../core/errors.ts";
import { Loader } from "../../process/load/loader.ts";
import { startWorkLoop, type WorkLoop } from "../../process/load/work-loop.ts";
import { createAlertTable } from "../../process/stream/warehouse-sink.ts";
import { applyTables } from "../../process/tables/apply-tables.ts";
import { KafkaBatchReader } from "../../storage/log/kafka/kafka-batch-reader.ts";
import type { KafkaGroup, Membership } from "../../storage/log/kafka/kafka-group.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { gauge } from "../shared/collector-figures.ts";
import { warehouseOf } from "./cluster-config.ts";
import { GroupJournal } from "./group-journal.ts";
import { followRows } from "./follow-rows.ts";
import { serveHealth } from "./serve-health.ts";
import type { Role, RoleOptions } from "./role.ts";

const LOAD_EVERY_MS = 2_000;

/**
 * A loader: brings clean topics' events into the warehouse, exactly once, and the rows of metrics
 * that the stream engines make. Any number of them share the partitions.
 */
export async function startLoad(options: RoleOptions): Promise<Role> {
  const { plan, parts, settings, onProblem } = options;
  const { config, client, topics } = parts;
  const names = topicNames(config.prefix);
  const warehouse = clickHouseWarehouse(warehouseOf(config));
  await applyTables(plan, warehouse);
  await createAlertTable(warehouse);
  const reader = new KafkaBatchReader({ client, rows: parts.rows, nameOf: names.clean });
  const loaded = topics.map(({ topic }) => names.clean(topic.name));
  const group = client.group(`${names.ledger}.load`, loaded);
  const loads = new Loads(options, warehouse, reader, group);
  await group.join((membership) => loads.take(membership));
  const rows = await followRows(options, warehouse);
  const health = await serveHealth(settings, onProblem, {
    parts: async () => [
      { part: "kafka", ready: await client.isReady() },
      { part: "warehouse", ready: await warehouse.ping() },
    ],
    figures: async () => [
      gauge(
        "millrace_load_rows_total",
        "Rows that were brought to the warehouse",
        loads.rows,
        "counter",
      ),
      gauge("millrace_load_partitions", "Partitions that this replica has", loads.partitions),
      gauge(
        "millrace_metric_rows_total",
        "Rows of metrics that were stored",
        rows.count(),
        "counter",
      ),
    ],
  });
  return {
    url: health.url,
    close: async () => {
      await health.close();
      await rows.close();
      await loads.close();
      await group.close();
      await reader.close();
      await warehouse.close();
    },
  };
}

/** The loader of the partitions that the replica has now; another one after each sharing. */
class Loads {
  readonly #options: RoleOptions;
  readonly #warehouse: Warehouse;
  readonly #reader: KafkaBatchReader;
  readonly #group: KafkaGroup;
  #loop: WorkLoop | undefined;
  #loader: Loader | undefined;
  #changing: Promise<void> = Promise.resolve();
  rows = 0;
  partitions = 0;

  constructor(
    options: RoleOptions,
    warehouse: Warehouse,
    reader: KafkaBatchReader,
    group: KafkaGroup,
  ) {
    this.#options = options;
    this.#warehouse = warehouse;
    this.#reader = reader;
    this.#group = group;
  }

  take(membership: Membership): void {
    this.#changing = this.#changing
      .then(() => this.#begin(membership))
      .catch((thrown: unknown) => {
        this.#options.onProblem(asMillraceError(thrown).message);
      });
  }

  async close(): Promise<void> {
    await this.#changing;
    await this.#end();
  }

  async #begin(membership: Membership): Promise<void> {
    await this.#end();
    const { parts, settings, clock, onProblem } = this.#options;
    const { clean } = topicNames(parts.config.prefix);
    const topics = parts.topics.map(({ topic }) => topic);
    const journal = new GroupJournal(this.#group, membership, clean);
    await journal.open(topics.map(({ name }) => name));
    const topicOf = new Map(topics.map(({ name }) => [clean(name), name]));
    const known = new Map(
      journal.positions().map((each) => [`${each.partition} ${each.topic}`, each]),
    );
    const places = membership.partitions.flatMap(({ topic: name, partition }) => {
      const topic = topicOf.get(name);
      if (topic === undefined) return [];
      return [{ topic, partition, offset: known.get(`${partition} ${topic}`)?.offset ?? 0 }];
    });
    await this.#reader.assign(places);
    this.partitions = places.length;
    const loader = new Loader({
      log: this.#reader,
      warehouse: this.#warehouse,
      dir: join(settings.dataDir, "load"),
      topics: topics.map(({ name, time }) => ({ name, time })),
      layoutOf: (_topic, schemaId) => parts.layoutOf(schemaId).layout,
      clock,
      journal,
      partitionsMax: 1,
    });
    this.#loader = loader;
    this.#loop = startWorkLoop({
      step: async () => {
        const step = await loader.step();
        this.rows += step.rows;
        return step;
      },
      intervalMs: LOAD_EVERY_MS,
      clock,
      onError: (thrown) => onProblem(asMillraceError(thrown).message),
    });
  }

  async #end(): Promise<void> {
    await this.#loop?.stop();
    this.#loader?.close();
    this.#loop = undefined;
    this.#loader = undefined;
  }
}
