import { createCollector } from "../../ingest/collector.ts";
import { refuseUntilReady, serveCollector } from "../../ingest/http/serve-collector.ts";
import { writeKeyRecord } from "../../ingest/keys/write-keys.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { COLLECT_ROUTES } from "../shared/collect-routes.ts";
import { collectorFigures, gauge } from "../shared/collector-figures.ts";
import { every } from "../shared/every.ts";
import { watchMirror } from "./mirror/mirror-watch.ts";
import { NO_SECRET, rawAppender } from "./raw-appender.ts";
import { openTables } from "./door-tables.ts";
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
  const { mirror: marks } = topicNames(parts.config.prefix);
  const mirror = await watchMirror(parts.client, marks, clock, onProblem);
  const appender = rawAppender(options, mirror);
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
      { part: "mirror", ready: !mirror.isHeld() },
    ],
    figures: async () => [
      ...collectorFigures(collector.stats()),
      gauge("millrace_log_waiting_bytes", "Bytes that wait for the log", appender.waitingBytes),
    ],
    elsewhere: COLLECT_ROUTES,
    intercept: (request, response) => {
      const [path = "/"] = (request.url ?? "/").split("?", 1);
      if (!collector.handles(request.method ?? "GET", path)) return false;
      if (tables.isWhole() && mirror.wasThere()) void serveCollector(collector, request, response);
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
      await mirror.close();
    },
  };
}
