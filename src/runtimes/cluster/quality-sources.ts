import type { Clock } from "../../core/clock.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { clusterLedger } from "../../process/quality/cluster-ledger.ts";
import type { FoundPlace, FoundRow } from "../../process/quality/find-event.ts";
import { ledgerReport, type LedgerSources } from "../../process/quality/ledger.ts";
import { QualityStore, type MinutesQuery } from "../../process/quality/quality-store.ts";
import { quarantineList } from "../../process/quality/quarantine-list.ts";
import { warehouseCounts } from "../../process/quality/stage-counts.ts";
import { traceEvent } from "../../process/quality/trace.ts";
import type { QualitySources } from "../../serve/quality/quality-routes.ts";
import { S3Client } from "../../storage/lake/s3/s3-client.ts";
import { openS3LakeReader } from "../../storage/lake/s3/s3-lake-reader.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import type { ClusterParts } from "./cluster-parts.ts";
import { s3FilesSql } from "./s3-relation.ts";
import { settledTimes, stagePlaces, type SettledThrough } from "./settled-times.ts";

export interface QualityPlaces {
  readonly plan: Plan;
  readonly parts: ClusterParts;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
}

const WAIT_MS = 500;

/** What the routes of ledger, trace and quarantine ask, over Kafka, warehouse and lake. */
export function qualitySources(places: QualityPlaces): QualitySources & { close(): void } {
  const { plan, parts, warehouse, clock } = places;
  const store = new QualityStore(warehouse);
  const lake = openLake(places);
  const nameOf = topicNames(parts.config.prefix).clean;
  const quarantined: QualityStore["quarantined"] = async (query) => {
    await store.create(); // perhaps no loader has run yet
    return store.quarantined(query);
  };
  return {
    ledger: async (request) => {
      await store.create();
      const stages = await stagePlaces(parts, lake?.reader);
      const settledThrough = await settledTimes(parts, stages, clock);
      const rows = ledgerRows(places, store, settledThrough);
      const sources: LedgerSources = { rows, warehouse, settledThrough };
      const withLake = lake && { lake: lake.reader, filesSql: lake.filesSql };
      return ledgerReport({ ...sources, ...withLake }, request);
    },
    trace: async (eventId) => {
      const stages = await stagePlaces(parts, lake?.reader);
      const sources = {
        plan,
        warehouse,
        lake: lake?.reader,
        // What isn't loaded yet is found within seconds; Kafka can't be searched by an id.
        findUnloaded: () => () => [],
        row: (topic: string, place: FoundPlace) => rowAt(parts, topic, place),
        hasPassed: (stage: "lake" | "stream", topic: string, { partition, offset }: FoundPlace) =>
          (stages[stage] ?? []).some(
            (each) =>
              each.topic === nameOf(topic) && each.partition === partition && each.offset > offset,
          ),
        quarantined,
      };
      return traceEvent(sources, eventId);
    },
    quarantine: (query) => quarantineList(quarantined, query),
    close: () => lake?.close(),
  };
}

function openLake({ parts, clock }: QualityPlaces) {
  const { s3 } = parts.config;
  if (s3?.bucket === undefined) return undefined;
  const client = new S3Client(s3);
  const reader = openS3LakeReader(s3, clock);
  return {
    reader,
    filesSql: s3FilesSql(s3, client),
    close: () => {
      reader.close();
      client.close();
    },
  };
}

/** The ledger's rows of topics that collectors write to; the gate's own have no door. */
const ledgerRows =
  (
    { parts, warehouse }: QualityPlaces,
    store: QualityStore,
    settledThrough: SettledThrough,
  ): LedgerSources["rows"] =>
  async (query) => {
    const topics = parts.topics
      .filter(({ rawSchemaId }) => rawSchemaId !== undefined)
      .map(({ topic }) => topic.name)
      .filter((name) => query.topic === undefined || name === query.topic);
    return clusterLedger({
      received: await store.received(query),
      clean: (await Promise.all(topics.map((topic) => cleanOf(warehouse, topic, query)))).flat(),
      quarantined: await store.quarantinedCounts(query),
      refused: await store.refused(query),
      settledThrough: (topic, partition) => settledThrough("load", topic, partition),
    });
  };

async function cleanOf(warehouse: Warehouse, topic: string, { from, to }: MinutesQuery) {
  const counts = await warehouseCounts(warehouse, topic, from, to);
  return [...counts].map(([key, n]) => {
    const [partition, minute] = key.split(" ").map(Number) as [number, number];
    return { topic, partition, minute, n };
  });
}

/** A row of a clean topic, as far as Kafka still has it. */
async function rowAt(
  { client, config, rows, layoutOf }: ClusterParts,
  topic: string,
  { partition, offset }: FoundPlace,
): Promise<FoundRow | undefined> {
  const name = topicNames(config.prefix).clean(topic);
  const ends = await client.ends([name]);
  const end = ends.find((each) => each.partition === partition);
  if (end === undefined || offset < end.start || offset >= end.end) return undefined;
  const reader = client.reader();
  try {
    const [batch] = await reader.read([{ topic: name, partition, offset }], WAIT_MS);
    const record = batch?.records.find((each) => each.offset === offset);
    if (batch === undefined || record === undefined) return undefined;
    await rows.learn([batch]);
    const [row] = rows.batches({ ...batch, records: [record] }, offset);
    return row && { layout: layoutOf(row.layoutId).layout, rows: row.rows, start: 0 };
  } finally {
    await reader.close();
  }
}
