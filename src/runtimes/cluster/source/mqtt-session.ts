import { connect, type MqttClient } from "mqtt";
import { asMillraceError, MillraceError } from "../../../core/errors.ts";

export interface MqttSessionOptions {
  readonly url: string;
  /** Names the session: the broker keeps it, with what wasn't acknowledged, for whoever is next. */
  readonly clientId: string;
  /** Filters, each as a shared subscription's. */
  readonly filters: readonly string[];
  /** Resolves when a message is durable; where it rejects, the message is given again. */
  readonly take: (topic: string, payload: Buffer) => Promise<void>;
  readonly onProblem: (error: MillraceError) => void;
}

/** One session with an MQTT broker. */
export interface MqttSession {
  /** Whether it is connected and subscribed. */
  isReady(): boolean;
  /** Leaves what isn't acknowledged to whoever opens it next. */
  close(): Promise<void>;
}

const KEEP_ALIVE_S = 10;
const RECONNECT_MS = 1_000;
const AGAIN_MS = 500;
/** How long the broker keeps the messages of a session that nobody has. */
const SESSION_S = 7 * 86_400;
/** Messages that the broker may send ahead of their acknowledgements. */
const AHEAD_MAX = 200;

/**
 * Opens a session: QoS 1, MQTT 5. A message is acknowledged when it was taken, and only on the
 * connection that it came by: the broker may have given its number to another one since.
 */
export function openMqttSession(options: MqttSessionOptions): MqttSession {
  const { url, clientId, filters, take, onProblem } = options;
  const problem = (cause: unknown): void =>
    onProblem(
      new MillraceError(
        "MQTT_UNAVAILABLE",
        `MQTT, ${clientId}: ${asMillraceError(cause).message}`,
        {
          cause,
        },
      ),
    );
  const client = connect(url, {
    clientId,
    protocolVersion: 5,
    clean: false,
    resubscribe: false,
    keepalive: KEEP_ALIVE_S,
    reconnectPeriod: RECONNECT_MS,
    properties: { sessionExpiryInterval: SESSION_S, receiveMaximum: AHEAD_MAX },
  });
  let connection = 0;
  let isReady = false;
  let isClosed = false;
  client.on("connect", () => {
    client.subscribe([...filters], { qos: 1 }, (error, granted = []) => {
      const refused = granted.find(({ qos }) => qos >= 128);
      if (error !== null) problem(error);
      else if (refused !== undefined) problem(new Error(`${refused.topic} is refused`));
      else isReady = true;
    });
  });
  client.on("close", () => {
    connection++;
    isReady = false;
  });
  client.on("error", problem);
  takeEach(client, async (topic, payload) => {
    const came = connection;
    for (;;) {
      try {
        await take(topic, payload);
        return came === connection && !isClosed;
      } catch (error) {
        if (came !== connection || isClosed) return false;
        problem(error);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  });
  return {
    isReady: () => isReady,
    close: async () => {
      isClosed = true;
      await client.endAsync(true);
    },
  };
}

/** `take` says whether to acknowledge; one message at a time. */
function takeEach(
  client: MqttClient,
  take: (topic: string, payload: Buffer) => Promise<boolean>,
): void {
  client.handleMessage = ({ topic, payload }, acknowledge) => {
    void take(topic, Buffer.from(payload)).then((isTaken) => {
      if (isTaken) acknowledge();
    });
  };
}
