import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fingerprint } from "../../src/core/fingerprint.ts";
import type { FetchContext } from "../engine.ts";
import { runTool } from "../run-tool.ts";

const PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
const TELL_EVERY_BYTES = 10e6;

/**
 * The jars (or archives) that `poms/<name>.xml` names, with what they need, in one folder. Maven's
 * own repository keeps what was fetched when a run is cut off. `finish` may unpack them.
 */
export function mavenFiles(
  context: Pick<FetchContext, "cached" | "tell">,
  name: string,
  finish?: (folder: string) => Promise<void>,
): Promise<string> {
  const pom = fileURLToPath(new URL(`../poms/${name}.xml`, import.meta.url));
  const text = readFileSync(pom, "utf8");
  const version = fingerprint(text).slice(0, 8);
  return context.cached(`${name}-${version}`, async (folder) => {
    const progress = downloadProgress((text) => context.tell(`fetching ${name}: ${text}`));
    const goal = text.includes("<artifactItem>")
      ? "dependency:copy"
      : `${PLUGIN}:copy-dependencies`;
    const out = [`-DoutputDirectory=${folder}`, "-DincludeScope=runtime"];
    await runTool("mvn", ["-B", "-f", pom, goal, ...out], {
      cwd: folder,
      install: "install Maven (apt: maven; Homebrew: maven)",
      onLine: progress,
    });
    await finish?.(folder);
  });
}

/** Adds up the sizes in Maven's lines: `Downloaded from central: https://… (1.2 MB at 3 MB/s)`. */
function downloadProgress(tell: (text: string) => void): (line: string) => void {
  let files = 0;
  let bytes = 0;
  let told = 0;
  return (line) => {
    const size = /Downloaded from .*\(([\d.,]+) (B|kB|MB|GB)/.exec(line);
    if (size === null) return;
    const unit = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 }[size[2]!]!;
    files += 1;
    bytes += Number(size[1]!.replace(",", ".")) * unit;
    if (bytes - told < TELL_EVERY_BYTES) return;
    told = bytes;
    tell(`${files} files, ${Math.round(bytes / 1e6)} MB from Maven`);
  };
}
