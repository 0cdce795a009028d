import { join } from "node:path";
import { cachedFolder, cacheFolder } from "./cache.ts";
import { mavenFiles } from "./fetch/maven.ts";
import { findJdk } from "./jdk.ts";
import { runTool } from "./run-tool.ts";

/** Runs one of Kafka's own tools by its class, with `input` on its standard input; what it printed. */
export async function kafkaTool(
  mainClass: string,
  args: readonly string[],
  input = "",
): Promise<string> {
  const tell = (): void => undefined;
  const cache = cacheFolder(process.env);
  const libraries = await mavenFiles(
    { tell, cached: (name, make) => cachedFolder(cache, name, tell, make) },
    "kafka",
  );
  const { java } = await findJdk(process.env, 17);
  const flags = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
  return runTool(java, [...flags, "-cp", join(libraries, "*"), mainClass, ...args], {
    install: "install Java 17 or newer",
    input,
  });
}
