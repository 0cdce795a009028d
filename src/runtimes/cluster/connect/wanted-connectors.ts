import type { Plan } from "../../../language/plan/nodes.ts";
import type { TopicSpec } from "../../../storage/log/kafka/kafka-client.ts";
import type { ClusterConfig } from "../cluster-config.ts";
import { databaseOf } from "../cluster-sources.ts";
import { debeziumConfig, type ConnectorConfig } from "./debezium-config.ts";
import {
  fileSources,
  fileTopic,
  mqttSources,
  mqttTopic,
  sourcedTables,
  tableSourceNames,
} from "./source-topics.ts";

/** A connector as it should be, under the name that Connect knows it by. */
export interface WantedConnector {
  readonly name: string;
  readonly config: ConnectorConfig;
}

/** How many replicas can share an MQTT broker's messages: each needs a session at least. */
const MQTT_SESSIONS = 16;
const KEEP_MS = 7 * 86_400_000;
const STRING_CONVERTER = "org.apache.kafka.connect.storage.StringConverter";

/** The connectors of a definition's tables and of the cluster's files. */
export function wantedConnectors(plan: Plan, config: ClusterConfig): readonly WantedConnector[] {
  const { prefix, sources } = config;
  return [
    ...sourcedTables(plan).map((table) => ({
      name: tableSourceNames(prefix, table).connector,
      config: debeziumConfig(table, databaseOf(config, table.from), prefix),
    })),
    ...fileSources(sources).map((source) => ({
      name: fileTopic(prefix, source),
      config: {
        "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
        "tasks.max": "1",
        file: source.path,
        topic: fileTopic(prefix, source),
        "key.converter": STRING_CONVERTER,
        "value.converter": STRING_CONVERTER,
      },
    })),
  ];
}

/** The topics that sources need, for a broker doesn't make them by itself. */
export function sourceTopics(plan: Plan, config: ClusterConfig): readonly TopicSpec[] {
  const { prefix, partitions, sources } = config;
  const settings = { "retention.ms": String(KEEP_MS) };
  return [
    ...sourcedTables(plan).flatMap((table) => {
      const { changes, heartbeats } = tableSourceNames(prefix, table);
      return [
        { name: changes, partitions, settings },
        { name: heartbeats, partitions: 1, settings },
      ];
    }),
    // A file's lines are in one order.
    ...fileSources(sources).map((each) => ({
      name: fileTopic(prefix, each),
      partitions: 1,
      settings,
    })),
    ...(mqttSources(sources).length === 0
      ? []
      : [{ name: mqttTopic(prefix), partitions: MQTT_SESSIONS, settings }]),
  ];
}
