import { join } from "node:path";
import { builtModule } from "./java-module.ts";

const JAR = "streams-runner.jar";
const MODULE = { name: "streams-runner", folder: "java", made: [JAR, "lib"] };

/** The runner's jar, its libraries beside it. Throws `ENGINE_UNAVAILABLE` without Maven. */
export const streamsJar = async (
  env: Readonly<Record<string, string | undefined>>,
  tell: (text: string) => void,
): Promise<string> => join(await builtModule(MODULE, env, tell), JAR);
