import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fingerprint } from "../src/core/fingerprint.ts";
import type { Jdk } from "./jdk.ts";
import { runTool } from "./run-tool.ts";

/** How a TaskManager is to be started. */
export interface TaskManagerArguments {
  /** The JVM's own. */
  readonly jvm: readonly string[];
  /** `-D name=value …`: every part of its memory. Without them all it doesn't start. */
  readonly parameters: readonly string[];
}

const RESULT = "BASH_JAVA_UTILS_EXEC_RESULT:";

/**
 * Has Flink divide a TaskManager's memory, as its own start script does: the first line of the
 * answer is the JVM's flags, the second the arguments. Asked once for a configuration.
 */
export async function taskManagerArguments(
  jdk: Jdk,
  home: string,
  configuration: string,
  properties: Readonly<Record<string, string | number | boolean>>,
): Promise<TaskManagerArguments> {
  const memory = Object.entries(properties).filter(([name]) => name.startsWith("taskmanager."));
  const file = join(configuration, `memory-${fingerprint(JSON.stringify(memory))}.txt`);
  if (!existsSync(file)) writeFileSync(file, await ask(jdk, home, configuration));
  const [flags, parameters] = readFileSync(file, "utf8").split("\n");
  return { jvm: words(flags), parameters: words(parameters) };
}

const words = (line = ""): readonly string[] => line.split(" ").filter((word) => word !== "");

async function ask(jdk: Jdk, home: string, configuration: string): Promise<string> {
  const lib = join(home, "lib");
  const jars = readdirSync(lib).filter((name) => /^(flink-dist|log4j-(core|api))-/.test(name));
  const path = [join(home, "bin", "bash-java-utils.jar"), ...jars.map((jar) => join(lib, jar))];
  const printed = await runTool(
    jdk.java,
    [
      "-cp",
      path.join(delimiter),
      "org.apache.flink.runtime.util.bash.BashJavaUtils",
      "GET_TM_RESOURCE_PARAMS",
      "--configDir",
      configuration,
    ],
    { install: "install Java 17 or 21" },
  );
  const lines = printed.split("\n").filter((line) => line.startsWith(RESULT));
  return lines.map((line) => line.slice(RESULT.length)).join("\n");
}
