import { join } from "node:path";
import { MillraceError } from "../src/core/errors.ts";
import { cacheFolder } from "./cache.ts";
import type { ClusterAddresses } from "./cluster-addresses.ts";
import { Cluster } from "./cluster.ts";
import type { EngineName } from "./engine.ts";

/**
 * The cluster that all test files share. `npm test` gives each run one of its own and ends it
 * (`MILLRACE_TEST_CLUSTER`); tests that are run by hand leave theirs running for the next.
 */
export function sharedCluster(): Cluster {
  const { env } = process;
  return new Cluster({
    folder: env["MILLRACE_TEST_CLUSTER"] || join(cacheFolder(env), "test-cluster"),
    env,
    tell: (text) => void process.stderr.write(`  ${text}\n`),
  });
}

/**
 * Starts what is missing of the engines, or finds them running. Throws `ENGINE_UNAVAILABLE` with
 * what to install, or because `MILLRACE_ENGINES=off`; tests use `engineSuite`, which then says that
 * they weren't run.
 */
export async function sharedEngines(wanted: {
  readonly only: readonly EngineName[];
}): Promise<ClusterAddresses> {
  if (process.env["MILLRACE_ENGINES"] === "off") {
    throw new MillraceError("ENGINE_UNAVAILABLE", "MILLRACE_ENGINES is off", {
      hint: "unset it to run the tests of engines",
    });
  }
  return sharedCluster().up(wanted.only);
}
