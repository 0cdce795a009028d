import { cpSync, globSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint } from "../src/core/fingerprint.ts";
import { cachedFolder, cacheFolder } from "./cache.ts";
import { runTool } from "./run-tool.ts";

/** A Maven project of ours. */
export interface JavaModule {
  /** What its folder in the cache is called, before the hash of its sources. */
  readonly name: string;
  /** Below the project's root. */
  readonly folder: string;
  /** What of Maven's `target` is wanted. */
  readonly made: readonly string[];
}

/**
 * The folder with what a project makes: built by Maven when its sources have changed. Throws
 * `ENGINE_UNAVAILABLE` without Maven.
 */
export function builtModule(
  { name, folder, made: wanted }: JavaModule,
  env: Readonly<Record<string, string | undefined>>,
  tell: (text: string) => void,
): Promise<string> {
  const from = fileURLToPath(new URL(`../${folder}`, import.meta.url));
  const files = globSync(["pom.xml", "src/**/*.java"], { cwd: from }).toSorted();
  const sources = files.map((file) => `${file}\n${readFileSync(join(from, file), "utf8")}`);
  const cached = `${name}-${fingerprint(sources.join("\n")).slice(0, 8)}`;
  return cachedFolder(cacheFolder(env), cached, tell, async (made) => {
    for (const file of files) cpSync(join(from, file), join(made, file), { recursive: true });
    const install = "install Maven (apt: maven; Homebrew: maven)";
    const build = (more: readonly string[]): Promise<string> =>
      runTool("mvn", ["-B", "-q", ...more, "package"], { cwd: made, install });
    // What it needs is mostly there from the last time.
    await build(["-o"]).catch(() => build([]));
    for (const each of wanted) renameSync(join(made, "target", each), join(made, each));
    for (const each of ["target", "src", "pom.xml"]) rmSync(join(made, each), { recursive: true });
  });
}
