import { test } from "node:test";
import { asMillraceError } from "../src/core/errors.ts";
import type { ClusterAddresses } from "./cluster-addresses.ts";
import type { Cluster } from "./cluster.ts";
import type { EngineName } from "./engine.ts";
import { NOT_RUN } from "./not-run.ts";
import { sharedCluster, sharedEngines } from "./shared-engines.ts";

/**
 * Tests that need real engines: starts them (or finds them running), then lets `define` register
 * its tests. Where something isn't installed, one test says so, and `npm test` says it at its end.
 *
 * ```ts
 * await engineSuite("the log on Kafka", ["kafka"], ({ kafka }) => {
 *   test("…", async () => …);
 * });
 * ```
 */
export async function engineSuite(
  name: string,
  only: readonly EngineName[],
  define: (addresses: Required<ClusterAddresses>, cluster: Cluster) => void | Promise<void>,
): Promise<void> {
  let addresses: ClusterAddresses;
  try {
    addresses = await sharedEngines({ only });
  } catch (thrown) {
    const { code, message, hint } = asMillraceError(thrown);
    if (code !== "ENGINE_UNAVAILABLE") throw thrown;
    const advice = hint === undefined ? "" : ` (${hint})`;
    test(name, { skip: `${NOT_RUN}${message}${advice}` }, () => undefined);
    return;
  }
  // Those that were asked for are there; a test that reads another one fails on it.
  await define(addresses as Required<ClusterAddresses>, sharedCluster());
}
