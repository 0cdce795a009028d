import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Engine, EngineContext, FetchContext } from "./engine.ts";
import { mavenFiles } from "./fetch/maven.ts";
import { unpackArchives } from "./fetch/unpack.ts";
import { answersOk } from "./http-ready.ts";
import { log4jFlag } from "./java-logging.ts";
import { writeProperties } from "./properties-file.ts";

const JVM_FLAGS = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/** Connect in distributed mode with one worker; its state is in topics of Kafka. */
export const connect: Engine = {
  name: "connect",
  summary: "Kafka Connect 4.3 with Debezium for PostgreSQL and the file connectors",
  needs: ["kafka"],
  ports: ["connect"],
  fetch: fetchConnect,
  place: async (context) => {
    const { jdk, libraries, plugins } = await fetchConnect(context);
    const folder = pluginFolder(context, plugins);
    const url = `http://127.0.0.1:${context.port("connect")}`;
    const file = join(context.folder, "worker.properties");
    const flags = [...JVM_FLAGS, log4jFlag(context.folder), "-cp", join(libraries, "*")];
    return {
      parts: [
        {
          name: "connect",
          command: jdk.java,
          args: [...flags, "org.apache.kafka.connect.cli.ConnectDistributed", file],
          cwd: context.folder,
          prepare: () => writeProperties(file, workerProperties(context, folder)),
          // Answered only by a worker that has joined its group.
          ready: () => answersOk(`${url}/connectors`),
        },
      ],
      addresses: { connect: { url } },
    };
  },
};

function workerProperties(
  context: EngineContext,
  plugins: string,
): Readonly<Record<string, string | number | boolean>> {
  const json = "org.apache.kafka.connect.json.JsonConverter";
  return {
    "bootstrap.servers": context.addresses.kafka!.bootstrap.join(","),
    "group.id": "millrace-connect",
    listeners: `http://127.0.0.1:${context.port("connect")}`,
    "plugin.path": plugins,
    "plugin.discovery": "service_load",
    "config.storage.topic": "millrace-connect-config",
    "offset.storage.topic": "millrace-connect-offsets",
    "offset.storage.partitions": 3,
    "status.storage.topic": "millrace-connect-status",
    "status.storage.partitions": 1,
    "exactly.once.source.support": "enabled",
    "key.converter": json,
    "key.converter.schemas.enable": false,
    "value.converter": json,
    "value.converter.schemas.enable": false,
    "offset.flush.interval.ms": 1_000,
    // A killed worker is the only one: its tasks wait for nobody else.
    "scheduled.rebalance.max.delay.ms": 0,
    "session.timeout.ms": 6_000,
    "heartbeat.interval.ms": 2_000,
  };
}

async function fetchConnect(context: FetchContext) {
  return {
    jdk: await context.jdk(17),
    libraries: await mavenFiles(context, "kafka"),
    plugins: {
      file: await mavenFiles(context, "connect-file"),
      debezium: await mavenFiles(context, "debezium", unpackArchives),
    },
  };
}

/** One folder with a folder, or jar, for each plugin, as Connect wants them. */
function pluginFolder(context: EngineContext, plugins: Readonly<Record<string, string>>): string {
  const folder = join(context.folder, "plugins");
  mkdirSync(folder, { recursive: true });
  for (const [name, files] of Object.entries(plugins)) {
    const link = join(folder, name);
    rmSync(link, { force: true });
    symlinkSync(files, link);
  }
  return folder;
}
