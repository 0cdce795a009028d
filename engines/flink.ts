import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../src/core/clock.ts";
import type { Engine, EngineContext, FetchContext, Part } from "./engine.ts";
import { mavenFiles } from "./fetch/maven.ts";
import { pipSource } from "./fetch/pip.ts";
import { flinkProperties, TASK_MANAGER, writeFlinkConfiguration } from "./flink-configuration.ts";
import { taskManagerArguments } from "./flink-memory.ts";
import { answersOk, jsonAt } from "./http-ready.ts";
import { log4jFlag } from "./java-logging.ts";
import { writeProperties } from "./properties-file.ts";
import { answersTcp } from "./tcp-ready.ts";

const SOURCE = "apache-flink-libraries==2.3.0";

/** What Flink's own `bin/config.sh` opens of Java for it. */
const OPENED =
  "lang net io nio lang.reflect text time util util.concurrent util.concurrent.atomic util.concurrent.locks"
    .split(" ")
    .map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`)
    .concat("--add-opens=java.base/sun.nio.ch=ALL-UNNAMED");

/** For the parts that only coordinate. */
const SMALL_JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/**
 * A JobManager, one TaskManager of 12 slots, the SQL gateway, and the ZooKeeper that is inside of
 * Flink: a JobManager that is killed finds its jobs and their last checkpoints there again.
 */
export const flink: Engine = {
  name: "flink",
  summary: "Apache Flink 2.3 with its SQL gateway",
  needs: [],
  ports: [
    "flink-zookeeper",
    "flink-rest",
    "flink-rpc",
    "flink-blob",
    "flink-taskmanager-rpc",
    "flink-taskmanager-data",
    "flink-gateway",
  ],
  fetch: fetchFlink,
  place: async (context) => {
    const { jdk, home } = await fetchFlink(context);
    const configuration = join(context.folder, "conf");
    const properties = flinkProperties(context);
    writeFlinkConfiguration(configuration, properties);
    const memory = await taskManagerArguments(jdk, home, configuration, properties);
    const { restUrl, gatewayUrl, addresses } = addressesOf(context);
    const common = {
      command: jdk.java,
      cwd: context.folder,
      env: {
        FLINK_CONF_DIR: configuration,
        FLINK_HOME: home,
        FLINK_LIB_DIR: join(home, "lib"),
        FLINK_OPT_DIR: join(home, "opt"),
        FLINK_PLUGINS_DIR: join(home, "plugins"),
        FLINK_LOG_DIR: context.folder,
      },
    };
    const java = (...flags: readonly string[]): readonly string[] => [
      ...flags,
      log4jFlag(configuration),
      ...OPENED,
      "-cp",
      join(home, "lib", "*"),
    ];
    const runtime = "org.apache.flink.runtime";
    const where = ["--configDir", configuration];
    return {
      addresses,
      parts: [
        {
          ...common,
          name: "flink-zookeeper",
          args: [
            ...java(...SMALL_JVM, "-Xmx96m"),
            `${runtime}.zookeeper.FlinkZooKeeperQuorumPeer`,
            "--zkConfigFile",
            writeZooKeeperConfiguration(context),
            "--peerId",
            "1",
          ],
          // ZooKeeper's four-letter command for what it serves.
          ready: () =>
            answersTcp(context.port("flink-zookeeper"), "srvr", (answer) =>
              answer.includes("Mode: "),
            ),
        },
        {
          ...common,
          name: "flink-jobmanager",
          args: [
            ...java(...SMALL_JVM, "-Xmx384m", "-XX:MaxMetaspaceSize=256m"),
            `${runtime}.entrypoint.StandaloneSessionClusterEntrypoint`,
            ...where,
            "--executionMode",
            "cluster",
          ],
          ready: () => answersOk(`${restUrl}/overview`),
        },
        {
          ...common,
          name: "flink-taskmanager",
          args: [
            ...java("-XX:+UseSerialGC", ...memory.jvm),
            `${runtime}.taskexecutor.TaskManagerRunner`,
            ...where,
            ...memory.parameters,
          ],
          ...registered(restUrl),
        },
        {
          ...common,
          name: "flink-gateway",
          args: [
            ...java(...SMALL_JVM, "-Xmx512m", "-XX:MaxMetaspaceSize=384m"),
            "org.apache.flink.table.gateway.SqlGateway",
          ],
          ready: () => answersOk(`${gatewayUrl}/v4/info`),
        },
      ],
    };
  },
};

async function fetchFlink(context: FetchContext) {
  const jdk = await context.jdk(17, 21);
  return { jdk, home: await mavenFiles(context, "flink", addDistribution) };
}

/** Ready once the JobManager heard of this very process: its predecessor had the same name. */
function registered(restUrl: string): Pick<Part, "prepare" | "ready"> {
  let startedMs = 0;
  return {
    prepare: () => void (startedMs = systemClock.nowMs()),
    ready: async () => {
      const answer = await jsonAt(`${restUrl}/taskmanagers/${TASK_MANAGER}`);
      // In spite of its name it is a point in time, zero before the first.
      const heard = (answer as { timeSinceLastHeartbeat?: number } | undefined)
        ?.timeSinceLastHeartbeat;
      return heard !== undefined && heard > startedMs;
    },
  };
}

function addressesOf(context: EngineContext) {
  const restUrl = `http://127.0.0.1:${context.port("flink-rest")}`;
  const gatewayUrl = `http://127.0.0.1:${context.port("flink-gateway")}`;
  return { restUrl, gatewayUrl, addresses: { flink: { restUrl, gatewayUrl } } };
}

/** Flink itself comes from PyPI, where its archive has the jars without the shell scripts. */
async function addDistribution(folder: string): Promise<void> {
  const jars = readdirSync(folder);
  const source = join(folder, "source");
  mkdirSync(source);
  const deps = join(await pipSource(source, SOURCE), "deps");
  for (const name of ["lib", "opt", "plugins", "bin"]) {
    renameSync(join(deps, name), join(folder, name));
  }
  for (const jar of jars) renameSync(join(folder, jar), join(folder, "lib", jar));
  rmSync(source, { recursive: true });
}

function writeZooKeeperConfiguration(context: EngineContext): string {
  const file = join(context.folder, "zookeeper.properties");
  writeProperties(file, {
    dataDir: join(context.folder, "zookeeper"),
    clientPort: context.port("flink-zookeeper"),
    clientPortAddress: "127.0.0.1",
    tickTime: 1_000,
    // A disk that is slow to sync would cost the JobManager its leadership, and its life with it.
    forceSync: "no",
    "admin.enableServer": false,
    "4lw.commands.whitelist": "srvr",
  });
  return file;
}
