import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../engines/cache.ts";
import { Cluster } from "../engines/cluster.ts";
import { identityOf, isRunning, type ProcessIdentity } from "../engines/process-identity.ts";

const OWNER = "owner.json";

/** The engines that the tests of one run start, in a folder of their own. */
export interface TestEngines {
  /** For the tests' processes. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the engines and removes their data. */
  end(): Promise<void>;
}

/**
 * Gives this run a cluster's folder, in which tests start what they need. Ends what earlier runs
 * left that were killed. A folder that the caller names in `MILLRACE_TEST_CLUSTER` is used as it
 * is and left running.
 */
export async function testEngines(): Promise<TestEngines> {
  if (process.env["MILLRACE_TEST_CLUSTER"]) return { env: {}, end: async () => undefined };
  const runs = join(cacheFolder(process.env), "test-runs");
  await endForgotten(runs);
  const folder = join(runs, String(process.pid));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, OWNER), JSON.stringify(identityOf(process.pid)));
  // After Ctrl-C nothing goes on running; the next run removes the folder.
  process.on("exit", () => clusterIn(folder).endNow());
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  return { env: { MILLRACE_TEST_CLUSTER: folder }, end: () => endCluster(folder) };
}

const clusterIn = (folder: string): Cluster =>
  new Cluster({ folder, env: process.env, tell: () => undefined });

async function endForgotten(runs: string): Promise<void> {
  if (!existsSync(runs)) return;
  for (const name of readdirSync(runs)) {
    const file = join(runs, name, OWNER);
    if (existsSync(file) && isRunning(JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity)) {
      continue;
    }
    await endCluster(join(runs, name));
  }
}

async function endCluster(folder: string): Promise<void> {
  await clusterIn(folder).down({ losing: "disk" });
  rmSync(folder, { recursive: true, force: true });
}
