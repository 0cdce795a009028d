import { join } from "node:path";
import { asMillraceError } from "../../core/errors.ts";
import { Loader } from "../../process/load/loader.ts";
import { createAlertTable } from "../../process/stream/warehouse-sink.ts";
import { applyTables } from "../../process/tables/apply-tables.ts";
import { KafkaBatchReader } from "../../storage/log/kafka/kafka-batch-reader.ts";
import type { Membership } from "../../storage/log/kafka/kafka-group.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import { gauge } from "../shared/collector-figures.ts";
import { warehouseOf } from "./cluster-config.ts";
import { GroupJournal } from "./group-journal.ts";
import { followQuality } from "./follow-quality.ts";
import { followRows } from "./follow-rows.ts";
import { followSeries } from "./follow-series.ts";
import { serveHealth } from "./serve-health.ts";
import { placesOf } from "./places-of.ts";
import type { Role, RoleOptions } from "./role.ts";
import { SharedWork, type MemberWork } from "./shared-work.ts";

const LOAD_EVERY_MS = 2_000;

/**
 * A loader: brings clean topics' events into the warehouse, exactly once, and the rows of metrics
 * that the stream engines make; closed ones to a time-series database, too; and what the ledger and the
 * quarantine are made of. Any number of them share the partitions.
 */
export async function startLoad(options: RoleOptions): Promise<Role> {
  const { plan, parts, settings, clock, onProblem } = options;
  const { config, client, topics } = parts;
  const names = topicNames(config.prefix);
  const warehouse = clickHouseWarehouse(warehouseOf(config));
  await applyTables(plan, warehouse);
  await createAlertTable(warehouse);
  const reader = new KafkaBatchReader({ client, rows: parts.rows, nameOf: names.clean });
  const loaded = topics.map(({ topic }) => names.clean(topic.name));
  const group = client.group(`${names.ledger}.load`, loaded);
  let rowsLoaded = 0;
  let partitions = 0;
  const tell = (thrown: unknown): void => onProblem(asMillraceError(thrown).message);
  const begin = async (membership: Membership): Promise<MemberWork> => {
    const own = topics.map(({ topic }) => topic);
    const journal = new GroupJournal(group, membership, names.clean);
    await journal.open(own.map(({ name }) => name));
    const places = placesOf(membership, topics, names.clean, journal.positions());
    await reader.assign(places);
    partitions = places.length;
    const loader = new Loader({
      log: reader,
      warehouse,
      dir: join(settings.dataDir, "load"),
      topics: own.map(({ name, time }) => ({ name, time })),
      layoutOf: (_topic, schemaId) => parts.layoutOf(schemaId).layout,
      clock,
      journal,
      partitionsMax: 1,
    });
    return {
      step: async () => {
        const step = await loader.step();
        rowsLoaded += step.rows;
        return step;
      },
      intervalMs: LOAD_EVERY_MS,
      end: () => loader.close(),
    };
  };
  const work = new SharedWork({ begin, clock, onError: tell });
  await group.join((membership) => work.take(membership));
  const rows = await followRows(options, warehouse);
  const series = await followSeries(options);
  const quality = await followQuality(options, warehouse);
  const health = await serveHealth(settings, onProblem, {
    parts: async () => [
      { part: "kafka", ready: await client.isReady() },
      { part: "warehouse", ready: await warehouse.ping() },
    ],
    figures: async () => [
      gauge(
        "millrace_load_rows_total",
        "Rows that were brought to the warehouse",
        rowsLoaded,
        "counter",
      ),
      gauge("millrace_load_partitions", "Partitions that this replica has", partitions),
      gauge(
        "millrace_metric_rows_total",
        "Rows of metrics that were stored",
        rows.count(),
        "counter",
      ),
      gauge(
        "millrace_series_samples_total",
        "Samples that were written to the time-series database",
        series.counts().written,
        "counter",
      ),
      gauge(
        "millrace_series_refused_total",
        "Samples that the time-series database refused for good",
        series.counts().refused,
        "counter",
      ),
    ],
  });
  return {
    url: health.url,
    close: async () => {
      await health.close();
      await rows.close();
      await series.close();
      await quality.close();
      await work.close();
      await group.close();
      await reader.close();
      await warehouse.close();
    },
  };
}
