import type { IncomingMessage, ServerResponse } from "node:http";
import { systemClock } from "../../core/clock.ts";
import { createCollector, type Collector } from "../../ingest/collector.ts";
import { serveCollector } from "../../ingest/http/serve-collector.ts";
import { openImportDatabase } from "../../ingest/import/import-database.ts";
import { ImportReceiver } from "../../ingest/import/import-receiver.ts";
import type { Lookups } from "../../ingest/derive/lookups.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { topicsOf, type Topic } from "../../language/plan/topic.ts";
import { followTables } from "../../process/dimension/follow-tables.ts";
import { openEmbeddedDimension } from "../../storage/dimension/embedded/embedded-dimension.ts";
import { openEmbeddedLogReader } from "../../storage/log/embedded/embedded-log-reader.ts";
import { startLogWriter, type LogWriter } from "../../storage/log/embedded/log-writer.ts";
import type { LogReader, RetentionBounds } from "../../storage/log/log.ts";
import type { DataFolder } from "./data-folder.ts";
import { doorLookups } from "../shared/door-lookups.ts";
import { every } from "../shared/every.ts";
import type { LayoutStore } from "./layout-store.ts";
import { liveAppender } from "./live-appender.ts";
import { LiveRing } from "./live-ring.ts";
import type { Settings } from "./settings.ts";
import { doorTopics } from "./topics-in-log.ts";
import { writeKeyFile } from "./write-key-file.ts";

export interface DoorOptions {
  readonly folder: DataFolder;
  readonly settings: Settings;
  readonly plan: Plan;
  readonly layouts: LayoutStore;
  readonly writeKeys: readonly { readonly name: string; readonly key: string }[];
  readonly onProblem: (text: string) => void;
}

/** The way in: collector, gate and log, with the tables that the door looks things up in. */
export interface Door {
  readonly writer: LogWriter;
  readonly log: LogReader;
  readonly collector: Collector;
  readonly lookups: Lookups;
  readonly ring: LiveRing;
  /** Takes files in. */
  readonly imports: () => ImportReceiver;
  /** Says whether anybody looks at new events. */
  watch(isWatched: () => boolean): void;
  /** Takes a request that is for the collector; false for any other. */
  intercept(request: IncomingMessage, response: ServerResponse): boolean;
  reload(plan: Plan): Promise<void>;
  /** Rejects when the log can't be written any more. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** The readers that retention waits for. */
const REQUIRED_READERS = ["stream", "load", "lake", "tables"];
const HEARTBEAT_EVERY_MS = 2_000;
const TABLES_EVERY_MS = 100;
const TRIM_EVERY_MS = 60_000;
const FLUSH_EVERY_MS = 5_000;
const DAY_MS = 86_400_000;

/** Opens the log for writing (`STORAGE_LOCKED` when another process has it) and the collector. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const { folder, settings, layouts, onProblem } = options;
  let topics = topicMap(options.plan);
  const writer = await startLogWriter({
    dir: folder.root,
    topics: [...topics.keys()].map((topic) => ({ topic, partitions: settings.partitions })),
    requiredReaders: REQUIRED_READERS,
    horizonMs: horizonOf(options.plan),
  });
  const log = openEmbeddedLogReader(folder.root);
  const store = openEmbeddedDimension(folder.dimensions);
  const lookups = doorLookups(store);
  const ring = new LiveRing();
  let isWatched = (): boolean => false;
  const collector = createCollector({
    plan: options.plan,
    topics: doorTopics(options.plan, layouts),
    keys: writeKeyFile(folder.keys, [
      { name: "default", key: settings.writeKey },
      ...options.writeKeys,
    ]),
    writer: liveAppender(
      writer,
      ring,
      () => topics,
      () => isWatched(),
    ),
    secret: writer.secret,
    lookups,
    clock: systemClock,
  });
  const importStore = openImportDatabase(folder.imports);
  const importReceiver = (plan: Plan): ImportReceiver =>
    new ImportReceiver({
      plan,
      topics: doorTopics(plan, layouts),
      secret: writer.secret,
      lookups,
      log: { append: (request) => writer.append(request), ledger: (query) => log.ledger(query) },
      store: importStore,
      clock: systemClock,
    });
  let imports = importReceiver(options.plan);
  let tables = followTables({
    log,
    store,
    topics: tablesOf(topics),
    layoutOf: (number) => layouts.layoutOf(number),
  });
  const follow = async (): Promise<void> => {
    const moved = tables.step();
    if (moved.length > 0) await writer.setPositions("tables", moved);
  };
  const timers = [
    every(HEARTBEAT_EVERY_MS, () => writer.heartbeat(), onProblem),
    every(TABLES_EVERY_MS, follow, onProblem),
    every(FLUSH_EVERY_MS, () => collector.flush(), onProblem),
    every(TRIM_EVERY_MS, () => trim(writer, log, topics, settings), onProblem),
  ];
  const failed = writer.ended.then((error) => {
    if (error !== undefined) throw error;
    return new Promise<never>(() => undefined);
  });
  failed.catch(() => undefined); // whoever waits for it is told
  return {
    writer,
    log,
    collector,
    lookups,
    ring,
    imports: () => imports,
    watch: (watched) => void (isWatched = watched),
    intercept: (request, response) => intercept(collector, request, response),
    reload: async (plan) => {
      topics = topicMap(plan);
      for (const topic of topics.keys()) await writer.ensureTopic(topic, settings.partitions);
      collector.reload({ plan, topics: doorTopics(plan, layouts) });
      imports = importReceiver(plan);
      tables = followTables({
        log,
        store,
        topics: tablesOf(topics),
        layoutOf: (number) => layouts.layoutOf(number),
      });
    },
    failed,
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      await collector.flush().catch(() => undefined);
      await writer.close();
      importStore.close();
      store.close();
      log.close();
    },
  };
}

const topicMap = (plan: Plan): ReadonlyMap<string, Topic> =>
  new Map(topicsOf(plan).map((topic) => [topic.name, topic]));

const tablesOf = (topics: ReadonlyMap<string, Topic>): readonly Topic[] =>
  [...topics.values()].filter(({ node }) => node.kind === "table");

/** One index serves all events: the longest horizon that any of them asks for. */
const horizonOf = (plan: Plan): number =>
  plan.events.reduce((longest, event) => Math.max(longest, event.horizonMs), 0);

/**
 * Lets go of what every required reader has read (a reader is done with topics it never reads), and
 * of what is too old of quarantine and ledger.
 */
async function trim(
  writer: LogWriter,
  log: LogReader,
  topics: ReadonlyMap<string, Topic>,
  settings: Settings,
): Promise<void> {
  const ends = log.ends().map(({ topic, partition, end }) => ({ topic, partition, offset: end }));
  const isTable = (topic: string): boolean => topics.get(topic)?.node.kind === "table";
  await writer.setPositions(
    "stream",
    ends.filter(({ topic }) => isTable(topic)),
  );
  await writer.setPositions(
    "tables",
    ends.filter(({ topic }) => topics.has(topic) && !isTable(topic)),
  );
  const bounds = boundsOf(settings);
  for (let more = true; more;) more = (await writer.trim(bounds)).more;
}

function boundsOf(settings: Settings): RetentionBounds {
  const { logDurationMs, logBytesMax, quarantineDays, ledgerDays } = settings;
  return {
    olderThanMs: logDurationMs,
    bytesMax: logBytesMax,
    ...(quarantineDays > 0 && { quarantineOlderThanMs: quarantineDays * DAY_MS }),
    ...(ledgerDays > 0 && { ledgerOlderThanMs: ledgerDays * DAY_MS }),
  };
}

function intercept(
  collector: Collector,
  message: IncomingMessage,
  response: ServerResponse,
): boolean {
  const url = message.url ?? "/";
  const path = url.slice(0, url.indexOf("?") < 0 ? undefined : url.indexOf("?"));
  // Segment has a path of this name; its batches name no file
  if (path === "/v1/import" && url.includes("file=")) return false;
  if (!collector.handles(message.method ?? "GET", path)) return false;
  void serveCollector(collector, message, response);
  return true;
}
