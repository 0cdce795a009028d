import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createCollector } from "../../ingest/collector.ts";
import { refuseUntilReady, serveCollector } from "../../ingest/http/serve-collector.ts";
import { writeKeyRecord } from "../../ingest/keys/write-keys.ts";
import { followTables } from "../../process/dimension/follow-tables.ts";
import { openEmbeddedDimension } from "../../storage/dimension/embedded/embedded-dimension.ts";
import { KafkaAppender } from "../../storage/log/kafka/kafka-appender.ts";
import { KafkaBatchReader } from "../../storage/log/kafka/kafka-batch-reader.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { COLLECT_ROUTES } from "../shared/collect-routes.ts";
import { collectorFigures, gauge } from "../shared/collector-figures.ts";
import { doorLookups } from "../shared/door-lookups.ts";
import { every } from "../shared/every.ts";
import { serveHealth } from "./serve-health.ts";
import type { Role, RoleOptions } from "./role.ts";

const HEARTBEAT_EVERY_MS = 2_000;
const TABLES_EVERY_MS = 100;
const FLUSH_EVERY_MS = 5_000;

/**
 * A collector: takes events over HTTP and appends them to raw topics. Any number of them may run.
 * What it keeps on disk, the tables' rows, it can read again from their topics.
 */
export async function startCollect(options: RoleOptions): Promise<Role> {
  const { plan, parts, settings, clock, onProblem } = options;
  const { topics } = parts;
  const names = topicNames(parts.config.prefix);
  const appender = new KafkaAppender({
    client: parts.client,
    clock,
    names,
    topics: topics.flatMap(({ topic, rawSchemaId: schemaId, partitions }) =>
      schemaId === undefined ? [] : [{ topic, schemaId, partitions }],
    ),
  });
  const tables = await openTables(options);
  const collector = createCollector({
    plan,
    topics: topics.map(({ topic, cleanSchemaId }) => ({ topic, layoutId: cleanSchemaId })),
    keys: { records: () => keyRecords },
    writer: appender,
    secret: NO_SECRET,
    lookups: tables.lookups,
    closesSourced: true,
    clock,
  });
  const keyRecords = [writeKeyRecord(settings.writeKey, "default")];
  const timers = [
    every(HEARTBEAT_EVERY_MS, () => appender.heartbeat(), onProblem),
    every(TABLES_EVERY_MS, async () => tables.step(), onProblem),
    every(FLUSH_EVERY_MS, () => collector.flush(), onProblem),
  ];
  const server = await serveHealth(settings, onProblem, {
    parts: async () => [
      { part: "kafka", ready: await parts.client.isReady() },
      { part: "tables", ready: tables.isWhole() },
    ],
    figures: async () => [
      ...collectorFigures(collector.stats()),
      gauge("millrace_log_waiting_bytes", "Bytes that wait for the log", appender.waitingBytes),
    ],
    elsewhere: COLLECT_ROUTES,
    intercept: (request, response) => {
      const [path = "/"] = (request.url ?? "/").split("?", 1);
      if (!collector.handles(request.method ?? "GET", path)) return false;
      if (tables.isWhole()) void serveCollector(collector, request, response);
      else refuseUntilReady(collector, request, response);
      return true;
    },
  });
  return {
    url: server.url,
    close: async () => {
      await server.close();
      for (const timer of timers) clearInterval(timer);
      await collector.flush().catch(() => undefined);
      await tables.close();
    },
  };
}

/** Identity is the gate's to say, behind the log: the door's hash is of no use to it. */
export const NO_SECRET = new Uint8Array(8);

/** The tables that the door looks things up in, as far as their topics were read. */
export async function openTables({ parts, settings }: RoleOptions) {
  const tables = parts.topics.filter(({ topic }) => topic.node.kind === "table");
  mkdirSync(settings.dataDir, { recursive: true });
  const store = openEmbeddedDimension(join(settings.dataDir, "dimensions.db"));
  const reader = new KafkaBatchReader({
    client: parts.client,
    rows: parts.rows,
    nameOf: topicNames(parts.config.prefix).clean,
  });
  const known = store.positions();
  const places = tables.flatMap(({ topic: { name }, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => {
      const position = known.find((each) => each.topic === name && each.partition === partition);
      return { topic: name, partition, offset: position?.offset ?? 0 };
    }),
  );
  await reader.assign(places);
  const { clean } = topicNames(parts.config.prefix);
  const wanted = await parts.client.ends(tables.map(({ topic }) => clean(topic.name)));
  const following = followTables({
    log: reader,
    store,
    topics: tables.map(({ topic }) => topic),
    layoutOf: (schemaId) => parts.layoutOf(schemaId).layout,
  });
  const isRead = (): boolean =>
    reader.ends().every((end) => {
      const asked = wanted.find(
        (each) => each.topic === clean(end.topic) && each.partition === end.partition,
      );
      return asked === undefined || end.end >= asked.end;
    });
  let isWhole = false;
  return {
    lookups: doorLookups(store),
    step: () => {
      const moved = following.step();
      // What was fetched is in the store now.
      isWhole ||= isRead();
      return moved;
    },
    /** Whether everything is known that was said before the start. */
    isWhole: () => isWhole,
    close: async () => {
      await reader.close();
      store.close();
    },
  };
}
