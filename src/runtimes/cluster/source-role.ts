import { setTimeout as sleep } from "node:timers/promises";
import { asMillraceError, MillraceError } from "../../core/errors.ts";
import { randomHex } from "../../core/random.ts";
import { doorProgram, type DoorProgram } from "../../ingest/door-program.ts";
import { Intake } from "../../ingest/source/intake.ts";
import type { PartHealth } from "../../serve/observe/health-routes.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { collectorFigures, gauge } from "../shared/collector-figures.ts";
import { every } from "../shared/every.ts";
import { mqttSources } from "./connect/source-topics.ts";
import { sourceTopics } from "./connect/wanted-connectors.ts";
import { openTables } from "./door-tables.ts";
import { followGroup } from "./follow-group.ts";
import { watchMirror } from "./mirror/mirror-watch.ts";
import { NO_SECRET, rawAppender } from "./raw-appender.ts";
import type { Role, RoleOptions } from "./role.ts";
import { serveHealth } from "./serve-health.ts";
import { changeTopics } from "./source/take-changes.ts";
import type { MqttBridge } from "./source/mqtt-bridge.ts";
import { lineTopics } from "./source/take-lines.ts";

const HEARTBEAT_EVERY_MS = 2_000;
const TABLES_EVERY_MS = 100;

/**
 * What comes without a request: databases' changes and files' lines, which Kafka Connect brings to
 * topics of its own, and an MQTT broker's messages. All of it goes through the door's steps to the
 * raw topics. Any number of replicas share it. A position is committed, and a message acknowledged,
 * when Kafka has what it says: after a crash some is taken again, and the gate knows it by its id.
 */
export async function startSource(options: RoleOptions): Promise<Role> {
  const { plan, parts, settings, clock, onProblem } = options;
  const { client, config, topics } = parts;
  const names = topicNames(config.prefix);
  const tell = (thrown: unknown): void => onProblem(asMillraceError(thrown).message);
  await client.ensureTopics(sourceTopics(plan, config));
  const mirror = await watchMirror(client, names.mirror, clock, onProblem);
  const appender = rawAppender(options, mirror);
  const tables = await openTables(options);
  const program = doorProgram({
    plan,
    topics: topics.map(({ topic, cleanSchemaId }) => ({ topic, layoutId: cleanSchemaId })),
    secret: NO_SECRET,
    lookups: tables.lookups,
    makeId: () => randomHex(16),
  });
  const intake = new Intake({ program, writer: appender, clock });
  const timers = [
    every(HEARTBEAT_EVERY_MS, () => appender.heartbeat(), onProblem),
    every(TABLES_EVERY_MS, async () => tables.step(), onProblem),
  ];
  // What is taken before its tables are known would be joined with nothing.
  while (!tables.isWhole() || mirror.isHeld()) await sleep(TABLES_EVERY_MS);
  const takers = new Map([
    ...changeTopics(program, intake, config.prefix),
    ...lineTopics(program, intake, config),
  ]);
  const following =
    takers.size === 0
      ? undefined
      : await followGroup({
          client,
          group: `${names.ledger}.source`,
          topics: [...takers.keys()],
          take: async (batches) => {
            await Promise.all(batches.map((batch) => takers.get(batch.topic)!(batch)));
          },
          clock,
          onError: tell,
        });
  const mqtt = await openMqtt(options, program, intake);
  const health = await serveHealth(settings, onProblem, {
    parts: async () => [
      { part: "kafka", ready: await client.isReady() },
      { part: "mirror", ready: !mirror.isHeld() },
      ...(mqtt === undefined ? [] : [mqttHealth(mqtt)]),
    ],
    figures: async () => [
      ...collectorFigures(intake.stats()),
      gauge(
        "millrace_mqtt_sessions",
        "Sessions with the MQTT broker that are subscribed",
        mqtt?.sessions().ready ?? 0,
      ),
      gauge("millrace_log_waiting_bytes", "Bytes that wait for the log", appender.waitingBytes),
    ],
  });
  return {
    url: health.url,
    close: async () => {
      await health.close();
      await mqtt?.close();
      await following?.close();
      for (const timer of timers) clearInterval(timer);
      await tables.close();
      await mirror.close();
    },
  };
}

async function openMqtt(
  { parts: { client, config }, onProblem }: RoleOptions,
  program: DoorProgram,
  intake: Intake,
): Promise<MqttBridge | undefined> {
  const sources = mqttSources(config.sources);
  if (sources.length === 0) return undefined;
  if (config.mqtt === undefined) {
    throw new MillraceError("CONFIG_INVALID", "the cluster's file doesn't say where MQTT is", {
      field: "mqtt",
      hint: `add "mqtt": { "url": "mqtt://…" } to it`,
    });
  }
  // Its client is loaded where there are such sources only.
  const { startMqttBridge } = await import("./source/mqtt-bridge.ts");
  const { prefix, mqtt } = config;
  return startMqttBridge({
    url: mqtt.url,
    sources,
    prefix,
    program,
    intake,
    client,
    onProblem: ({ message }) => onProblem(message),
  });
}

/** A replica without a session waits for another to leave. */
function mqttHealth(mqtt: MqttBridge): PartHealth {
  const { all, ready } = mqtt.sessions();
  return { part: "mqtt", ready: ready === all, detail: `${ready} of ${all} sessions` };
}
