import { cpSync, globSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint } from "../src/core/fingerprint.ts";
import { cachedFolder, cacheFolder } from "./cache.ts";
import { runTool } from "./run-tool.ts";

const SOURCES = fileURLToPath(new URL("../java/flink-functions", import.meta.url));
const JAR = "flink-functions.jar";

/**
 * The path of the jar with the functions that Flink's SQL lacks: built by Maven when its sources have
 * changed. Throws `ENGINE_UNAVAILABLE` without Maven.
 */
export async function flinkFunctionsJar(
  env: Readonly<Record<string, string | undefined>>,
  tell: (text: string) => void,
): Promise<string> {
  const files = globSync(["pom.xml", "src/**/*.java"], { cwd: SOURCES }).toSorted();
  const sources = files.map((file) => `${file}\n${readFileSync(join(SOURCES, file), "utf8")}`);
  const name = `flink-functions-${fingerprint(sources.join("\n")).slice(0, 8)}`;
  const folder = await cachedFolder(cacheFolder(env), name, tell, async (made) => {
    for (const file of files) cpSync(join(SOURCES, file), join(made, file), { recursive: true });
    const install = "install Maven (apt: maven; Homebrew: maven)";
    const build = (more: readonly string[]): Promise<string> =>
      runTool("mvn", ["-B", "-q", ...more, "package"], { cwd: made, install });
    // What it needs is mostly there from the last time.
    await build(["-o"]).catch(() => build([]));
    renameSync(join(made, "target", JAR), join(made, JAR));
    for (const each of ["target", "src", "pom.xml"]) rmSync(join(made, each), { recursive: true });
  });
  return join(folder, JAR);
}
