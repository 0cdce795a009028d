import { join } from "node:path";
import { builtModule } from "./java-module.ts";

const JAR = "flink-functions.jar";
const MODULE = { name: "flink-functions", folder: "java/flink-functions", made: [JAR] };

/**
 * The path of the jar with the functions that Flink's SQL lacks. Throws `ENGINE_UNAVAILABLE` without
 * Maven.
 */
export const flinkFunctionsJar = async (
  env: Readonly<Record<string, string | undefined>>,
  tell: (text: string) => void,
): Promise<string> => join(await builtModule(MODULE, env, tell), JAR);
