import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { asMillraceError, MillraceError } from "../../../core/errors.ts";
import { fingerprint } from "../../../core/fingerprint.ts";

/** Where Spark is, and the Java that it runs on. */
export interface SparkConfig {
  /** `SPARK_HOME`. */
  readonly home: string;
  readonly javaHome: string;
  /** What `spark-submit` calls the master: `spark://…`, `yarn`, `k8s://…`; default: this machine. */
  readonly master?: string;
}

const SOURCE = fileURLToPath(new URL("SqlLines.java", import.meta.url));
/** What `SqlLines` names of Spark's; all of its jars would take the compiler ten times as long. */
const JARS = "{spark-sql*,spark-common-utils*,scala-library*}.jar";

/**
 * The folder of the compiled `SqlLines`, made where it isn't in `dir` yet. Throws
 * `ENGINE_UNAVAILABLE` where the Java has no compiler, or there is no Spark.
 */
export async function sparkProgram({ home, javaHome }: SparkConfig, dir: string): Promise<string> {
  const made = join(dir, `spark-program-${fingerprint(readFileSync(SOURCE, "utf8")).slice(0, 8)}`);
  if (existsSync(made)) return made;
  const half = `${made}.${process.pid}`;
  await mkdir(half, { recursive: true });
  const classpath = globSync(join(home, "jars", JARS)).join(delimiter);
  const options = ["-proc:none", "-implicit:none", "-cp", classpath, "-d", half, SOURCE];
  try {
    await promisify(execFile)(join(javaHome, "bin", "javac"), options);
  } catch (thrown) {
    await rm(half, { recursive: true, force: true });
    const { message } = asMillraceError(thrown);
    throw new MillraceError("ENGINE_UNAVAILABLE", `Spark's session can't be built: ${message}`, {
      field: "spark",
      hint: "spark.home must be a Spark 4, spark.javaHome a JDK (17 or 21), not only its runtime",
      cause: thrown,
    });
  }
  // Who is second finds the first one's.
  await rename(half, made).catch(() => rm(half, { recursive: true, force: true }));
  return made;
}
