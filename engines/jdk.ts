import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { MillraceError } from "../src/core/errors.ts";

/** A Java runtime. */
export interface Jdk {
  readonly home: string;
  /** The program. */
  readonly java: string;
  /** Its feature release: 17, 21, 25. */
  readonly version: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Folders in which distributions and version managers put one Java per sub-folder. */
const FAMILIES = (env: Environment): string[] => [
  "/usr/lib/jvm",
  "/usr/java",
  "/opt/java",
  "/Library/Java/JavaVirtualMachines",
  join(env["HOME"] ?? "/", ".sdkman/candidates/java"),
  join(env["HOME"] ?? "/", ".jdks"),
  join(env["HOME"] ?? "/", ".local/share/mise/installs/java"),
];

/**
 * The newest Java from `least` to `most` that is installed: `JAVA_HOME`, the one on the path, and
 * those in the usual folders. Throws `ENGINE_UNAVAILABLE`.
 */
export async function findJdk(
  env: Environment,
  least: number,
  most = Number.POSITIVE_INFINITY,
  families = FAMILIES(env),
): Promise<Jdk> {
  const found: Jdk[] = [];
  for (const home of candidates(env, families)) {
    const version = await versionOf(home);
    if (version !== undefined) found.push({ home, java: join(home, "bin", "java"), version });
  }
  const [best] = found
    .filter(({ version }) => version >= least && version <= most)
    .toSorted((a, b) => b.version - a.version);
  if (best !== undefined) return best;
  const range = most === Number.POSITIVE_INFINITY ? `${least} or newer` : `${least} to ${most}`;
  const there = found.map(({ version }) => version).join(", ");
  throw new MillraceError(
    "ENGINE_UNAVAILABLE",
    there === "" ? "Java is missing" : `no Java ${range} is installed, only ${there}`,
    { hint: `install a Java of ${range} (such as OpenJDK 17), or set JAVA_HOME to one` },
  );
}

function candidates(env: Environment, families: readonly string[]): Set<string> {
  const homes: string[] = [];
  if (env["JAVA_HOME"]) homes.push(env["JAVA_HOME"]);
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    // The program on the path is mostly a link: its real place is `<home>/bin/java`.
    const java = join(folder, "java");
    if (folder !== "" && existsSync(java)) homes.push(dirname(dirname(realpathSync(java))));
  }
  for (const family of families) {
    if (!existsSync(family)) continue;
    for (const name of readdirSync(family)) {
      homes.push(join(family, name), join(family, name, "Contents", "Home"));
    }
  }
  const real = homes.filter((home) => existsSync(join(home, "bin", "java")));
  return new Set(real.map((home) => realpathSync(home)));
}

/** From the `release` file that every Java since 9 has; asks the program where there is none. */
async function versionOf(home: string): Promise<number | undefined> {
  const file = join(home, "release");
  const text = existsSync(file)
    ? readFileSync(file, "utf8")
    : await promisify(execFile)(join(home, "bin", "java"), ["-version"]).then(
        ({ stderr }) => stderr,
        () => "",
      );
  const version = /(?:JAVA_VERSION="|version ")(?:1\.)?(\d+)/.exec(text)?.[1];
  return version === undefined ? undefined : Number(version);
}
