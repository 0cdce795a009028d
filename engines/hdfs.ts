import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Engine, EngineContext, FetchContext, Part } from "./engine.ts";
import { mavenFiles } from "./fetch/maven.ts";
import type { Jdk } from "./jdk.ts";
import { runTool } from "./run-tool.ts";

const JAVA_FLAGS = [
  "-Xmx256m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  // Its web server's library reaches into Java's own classes.
  "--add-opens=java.base/java.lang=ALL-UNNAMED",
];
const NAMENODE = "org.apache.hadoop.hdfs.server.namenode.NameNode";
const DATANODE = "org.apache.hadoop.hdfs.server.datanode.DataNode";

/** HDFS: one NameNode, one DataNode. Who starts it may do everything there. */
export const hdfs: Engine = {
  name: "hdfs",
  summary: "Apache Hadoop 3.4, HDFS with a NameNode and a DataNode",
  needs: [],
  ports: [
    "hdfs-namenode",
    "hdfs-namenode-http",
    "hdfs-datanode",
    "hdfs-datanode-http",
    "hdfs-datanode-ipc",
  ],
  fetch: fetchHdfs,
  place: async (context) => {
    const { jdk, libraries } = await fetchHdfs(context);
    const configuration = join(context.folder, "conf");
    const classPath = [configuration, join(libraries, "*")].join(":");
    const root = `http://127.0.0.1:${context.port("hdfs-namenode-http")}`;
    const part = (name: string, main: string): Part => ({
      name: `hdfs-${name}`,
      command: jdk.java,
      args: [...JAVA_FLAGS, "-cp", classPath, main],
      dataFolder: join(context.folder, name),
      ready: () => isOperational(root, name === "datanode" ? 1 : 0),
    });
    return {
      parts: [
        {
          ...part("namenode", NAMENODE),
          prepare: async () => {
            configure(context, configuration);
            await format(context, jdk, classPath);
          },
        },
        part("datanode", DATANODE),
      ],
      addresses: { hdfs: { url: root, user: userInfo().username } },
    };
  },
};

/** It needs what newer Javas have removed. */
async function fetchHdfs(context: FetchContext) {
  return { jdk: await context.jdk(17, 21), libraries: await mavenFiles(context, "hdfs") };
}

function configure(context: EngineContext, folder: string): void {
  const at = (port: string): string => `127.0.0.1:${context.port(port)}`;
  // Their jar lacks the pages, without whose folders the web servers don't start.
  for (const name of ["hdfs", "datanode"]) {
    mkdirSync(join(folder, "webapps", name), { recursive: true });
  }
  writeXml(join(folder, "core-site.xml"), { "fs.defaultFS": `hdfs://${at("hdfs-namenode")}` });
  writeXml(join(folder, "hdfs-site.xml"), {
    "dfs.replication": 1,
    "dfs.namenode.name.dir": `file://${join(context.folder, "namenode")}`,
    "dfs.datanode.data.dir": `file://${join(context.folder, "datanode")}`,
    "dfs.namenode.http-address": at("hdfs-namenode-http"),
    "dfs.datanode.address": at("hdfs-datanode"),
    "dfs.datanode.http.address": at("hdfs-datanode-http"),
    "dfs.datanode.ipc.address": at("hdfs-datanode-ipc"),
    "dfs.datanode.hostname": "127.0.0.1",
    "dfs.namenode.datanode.registration.ip-hostname-check": false,
    // Told of all blocks, a NameNode needn't wait for more.
    "dfs.namenode.safemode.extension": 0,
  });
  writeFileSync(
    join(folder, "log4j.properties"),
    [
      "log4j.rootLogger=WARN, console",
      "log4j.appender.console=org.apache.log4j.ConsoleAppender",
      "log4j.appender.console.layout=org.apache.log4j.PatternLayout",
      "log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c: %m%n",
    ].join("\n"),
  );
}

async function format(context: EngineContext, jdk: Jdk, classPath: string): Promise<void> {
  if (existsSync(join(context.folder, "namenode", "current", "VERSION"))) return;
  const args = [...JAVA_FLAGS, "-cp", classPath, NAMENODE, "-format", "-nonInteractive", "-force"];
  await runTool(jdk.java, args, { install: "install Java 17 or 21" });
}

/** Whether the NameNode takes writes, and knows so many DataNodes. */
async function isOperational(root: string, dataNodes: number): Promise<boolean> {
  const answer = await fetch(`${root}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState`);
  const { beans } = (await answer.json()) as {
    readonly beans: readonly { readonly FSState: string; readonly NumLiveDataNodes: number }[];
  };
  const [state] = beans;
  if (state === undefined || state.NumLiveDataNodes < dataNodes) return false;
  return dataNodes === 0 || state.FSState === "Operational";
}

/** Values here need no escape. */
function writeXml(
  file: string,
  properties: Readonly<Record<string, string | number | boolean>>,
): void {
  const lines = Object.entries(properties).map(
    ([name, value]) => `  <property><name>${name}</name><value>${value}</value></property>\n`,
  );
  writeFileSync(file, `<configuration>\n${lines.join("")}</configuration>\n`);
}
