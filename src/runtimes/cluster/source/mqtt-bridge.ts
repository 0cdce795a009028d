import type { MillraceError } from "../../../core/errors.ts";
import type { DoorProgram } from "../../../ingest/door-program.ts";
import type { Intake } from "../../../ingest/source/intake.ts";
import type { KafkaClient } from "../../../storage/log/kafka/kafka-client.ts";
import { topicNames } from "../../../storage/log/kafka/topic-names.ts";
import type { MqttSource } from "../cluster-sources.ts";
import { mqttTopic } from "../connect/source-topics.ts";
import { openMqttSession, type MqttSession } from "./mqtt-session.ts";
import { candidatesOf } from "./take-lines.ts";
import { matchesFilter } from "./topic-filter.ts";

export interface MqttBridgeOptions {
  readonly url: string;
  readonly sources: readonly MqttSource[];
  readonly prefix: string;
  readonly program: DoorProgram;
  readonly intake: Intake;
  readonly client: KafkaClient;
  readonly onProblem: (error: MillraceError) => void;
}

export interface MqttBridge {
  /** How many sessions this replica has, and how many of them are subscribed. */
  sessions(): { readonly all: number; readonly ready: number };
  close(): Promise<void>;
}

/**
 * Takes an MQTT broker's messages. A broker keeps what it sent to a session that is gone for that
 * session, so sessions are shared out as the partitions of a topic are, which has no other use: when
 * a replica dies, another one gets its partitions, opens their sessions and is sent what the first
 * didn't acknowledge.
 */
export async function startMqttBridge(options: MqttBridgeOptions): Promise<MqttBridge> {
  const { url, sources, prefix, program, intake, client, onProblem } = options;
  const share = topicNames(prefix).clean("millrace").replaceAll(".", "-");
  const routes = sources.map((source) => ({
    filter: source.filter,
    candidates: candidatesOf(program, source),
  }));
  const filters = [...new Set(routes.map(({ filter }) => `$share/${share}/${filter}`))];
  const take = async (topic: string, payload: Buffer): Promise<void> => {
    const route = routes.find(({ filter }) => matchesFilter(filter, topic)) ?? routes[0]!;
    await intake.takeBody(payload, route.candidates, "mqtt");
  };
  const sessions = new Map<number, MqttSession>();
  const closing = new Set<Promise<void>>();
  const close = (partition: number, session: MqttSession): void => {
    sessions.delete(partition);
    const closed = session.close().finally(() => closing.delete(closed));
    closing.add(closed);
  };
  const group = client.group(`${topicNames(prefix).ledger}.mqtt`, [mqttTopic(prefix)]);
  await group.join(({ partitions }) => {
    const own = new Set(partitions.map(({ partition }) => partition));
    for (const [partition, session] of sessions) if (!own.has(partition)) close(partition, session);
    for (const partition of own) {
      if (sessions.has(partition)) continue;
      const clientId = `${share}-${partition}`;
      sessions.set(partition, openMqttSession({ url, clientId, filters, take, onProblem }));
    }
  });
  return {
    sessions: () => ({
      all: sessions.size,
      ready: [...sessions.values()].filter((each) => each.isReady()).length,
    }),
    close: async () => {
      for (const [partition, session] of sessions) close(partition, session);
      await Promise.all(closing);
      await group.close();
    },
  };
}
