/**
 * One, two and three collectors, Kafka Streams and loaders, with the same events: what comes out is
 * the same, and each replica does its share of the work.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { engineSuite } from "../engines/engine-test.ts";
import { runScaled, scaledText, type ScaledRun } from "./scale-out/run-scaled.ts";
import { ROLES } from "./scale-out/scaled-cluster.ts";

/** A multiple of all partitions and replicas, so that requests divide evenly, too. */
const VISITS = 9_000;
/** Of an even share. */
const SHARE_LEAST = 0.8;
const timeout = 600_000;

await engineSuite("scale-out", ["kafka", "registry"], ({ kafka, registry }) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-scale-"));
  const addresses = { kafka, registry };
  after(() => rmSync(folder, { recursive: true, force: true }));

  describe("scale-out", () => {
    let one: ScaledRun | undefined;
    for (const replicas of [1, 2, 3]) {
      test(`${replicas} of each role`, { timeout }, async () => {
        const run = await runScaled({ addresses, folder, replicas, visits: VISITS });
        process.stderr.write(`${scaledText(run)}\n`);
        one ??= run;
        assert.deepEqual(run.totals, one.totals, "the warehouse has the same as with one of each");
        for (const role of ROLES) {
          const least = Math.min(...run.shares[role]) * replicas;
          const shares = run.shares[role].map((share) => share.toFixed(3)).join(", ");
          assert.ok(least >= SHARE_LEAST, `shares of ${role}: ${shares}`);
        }
      });
    }
  });
});
