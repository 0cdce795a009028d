import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Engine, EngineContext, FetchContext, Part } from "./engine.ts";
import { mavenFiles } from "./fetch/maven.ts";
import { log4jFlag } from "./java-logging.ts";
import type { Jdk } from "./jdk.ts";
import { askForBrokers } from "./kafka-metadata.ts";
import { writeProperties } from "./properties-file.ts";
import { runTool } from "./run-tool.ts";

const BROKERS = [1, 2, 3] as const;

/** Small heaps, one collector thread, the quick compiler: three brokers on a small machine. */
const JVM_FLAGS = [
  "-Xms64m",
  "-Xmx256m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Xshare:auto",
];

/** Three brokers, each also a controller; every topic on all three unless it says otherwise. */
export const kafka: Engine = {
  name: "kafka",
  summary: "Apache Kafka 4.3, three brokers (KRaft)",
  needs: [],
  ports: BROKERS.flatMap((id) => [`kafka-${id}`, `kafka-${id}-controller`]),
  fetch: fetchKafka,
  place: async (context) => {
    const { jdk, libraries, formatted } = await fetchKafka(context);
    const logging = log4jFlag(context.folder);
    return {
      parts: BROKERS.map((id): Part => {
        const file = join(context.folder, `broker-${id}.properties`);
        const data = join(context.folder, `data-${id}`);
        const port = context.port(`kafka-${id}`);
        return {
          name: `kafka-${id}`,
          command: jdk.java,
          args: [...JVM_FLAGS, logging, "-cp", join(libraries, "*"), "kafka.Kafka", file],
          dataFolder: data,
          prepare: () => {
            writeProperties(file, brokerProperties(context, id, data));
            format(data, id, context.secret("kafka-cluster-id"), formatted);
          },
          ready: async () => (await askForBrokers(port)).includes(id),
          // Told to stop all at once, brokers wait in vain for a controller to hand over to.
          stopMs: 3_000,
        };
      }),
      addresses: {
        kafka: { bootstrap: BROKERS.map((id) => `127.0.0.1:${context.port(`kafka-${id}`)}`) },
      },
    };
  },
};

async function fetchKafka(context: FetchContext) {
  const jdk = await context.jdk(17);
  const libraries = await mavenFiles(context, "kafka");
  return { jdk, libraries, formatted: await formattedStorage(context, jdk, libraries) };
}

function brokerProperties(
  context: Pick<EngineContext, "port">,
  id: number,
  data: string,
): Record<string, string | number | boolean> {
  const own = `127.0.0.1:${context.port(`kafka-${id}`)}`;
  const voter = (one: number): string => `127.0.0.1:${context.port(`kafka-${one}-controller`)}`;
  return {
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": BROKERS.map((one) => `${one}@${voter(one)}`).join(","),
    listeners: `PLAINTEXT://${own},CONTROLLER://${voter(id)}`,
    "advertised.listeners": `PLAINTEXT://${own}`,
    "controller.listener.names": "CONTROLLER",
    "log.dirs": data,
    "auto.create.topics.enable": false,
    "default.replication.factor": BROKERS.length,
    "min.insync.replicas": 2,
    "num.partitions": 3,
    "offsets.topic.replication.factor": BROKERS.length,
    "offsets.topic.num.partitions": 3,
    "transaction.state.log.replication.factor": BROKERS.length,
    "transaction.state.log.min.isr": 2,
    "transaction.state.log.num.partitions": 3,
    "share.coordinator.state.topic.replication.factor": BROKERS.length,
    "share.coordinator.state.topic.min.isr": 2,
    "share.coordinator.state.topic.num.partitions": 3,
    "group.initial.rebalance.delay.ms": 0,
    // A killed broker is given up, and taken back, within seconds.
    "broker.session.timeout.ms": 6_000,
    "broker.heartbeat.interval.ms": 1_000,
    "replica.lag.time.max.ms": 10_000,
    // A topic that lost its retention setting shows at once.
    "log.retention.check.interval.ms": 30_000,
    "num.network.threads": 2,
    "num.io.threads": 2,
    "log.cleaner.dedupe.buffer.size": 8 * 2 ** 20,
  };
}

/**
 * What `kafka-storage format` writes for one node, made once: its `bootstrap.checkpoint` is the
 * same for every cluster, and `meta.properties` is four lines.
 */
function formattedStorage(context: FetchContext, jdk: Jdk, libraries: string): Promise<string> {
  return context.cached(`${basename(libraries)}-formatted`, async (folder) => {
    const file = join(folder, "broker.properties");
    writeProperties(file, brokerProperties({ port: () => 1 }, 1, folder));
    const args = ["format", "-t", clusterId(randomBytes(16)), "-c", file];
    await runTool(jdk.java, ["-cp", join(libraries, "*"), "kafka.tools.StorageTool", ...args], {
      install: "install Java 17 or newer",
    });
  });
}

function format(data: string, id: number, secret: string, formatted: string): void {
  if (existsSync(join(data, "meta.properties"))) return;
  mkdirSync(data, { recursive: true });
  copyFileSync(join(formatted, "bootstrap.checkpoint"), join(data, "bootstrap.checkpoint"));
  writeProperties(join(data, "meta.properties"), {
    version: 1,
    "cluster.id": clusterId(Buffer.from(secret, "hex")),
    "node.id": id,
    "directory.id": clusterId(randomBytes(16)),
  });
}

/** Kafka's way to write 16 bytes. */
const clusterId = (bytes: Buffer): string => bytes.subarray(0, 16).toString("base64url");
