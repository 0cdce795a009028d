/**
 * `npm run bench:scale-out [-- --visits N --rounds N --cluster FOLDER]`: CPU time a visit with one,
 * two and three of each role, in turns.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Cluster } from "../../engines/cluster.ts";
import { runScaled, scaledText, type ScaledRun } from "../../stress/scale-out/run-scaled.ts";
import { ROLES } from "../../stress/scale-out/scaled-cluster.ts";
import { median } from "./median.ts";
import type { BenchAddresses } from "./bench-place.ts";

const { values } = parseArgs({
  options: {
    visits: { type: "string", default: "300000" },
    rounds: { type: "string", default: "3" },
    cluster: { type: "string" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "millrace-bench-scale-"));
const tell = (text: string): void => void process.stderr.write(`  ${text}\n`);
const engines = new Cluster({
  folder: values.cluster ?? join(folder, "engines"),
  env: process.env,
  tell,
});
const runs: ScaledRun[] = [];
try {
  const addresses = (await engines.up(["kafka", "registry"])) as BenchAddresses;
  const visits = Number(values.visits);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const replicas of [1, 2, 3]) {
      const run = await runScaled({ addresses, folder, replicas, visits });
      console.log(scaledText(run));
      runs.push(run);
    }
  }
} finally {
  if (values.cluster === undefined) await engines.down({ losing: "disk" });
  rmSync(folder, { recursive: true, force: true });
}
const cpuOf = (replicas: number, of: (run: ScaledRun) => number): number =>
  median(runs.filter((run) => run.replicas === replicas).map(of));
for (const role of ROLES) {
  const [one, two, three] = [1, 2, 3].map((replicas) => cpuOf(replicas, (run) => run.cpuUs[role]));
  console.log(
    `${role}: ${one!.toFixed(0)}, ${two!.toFixed(0)}, ${three!.toFixed(0)} µs a visit; 3 / 1: ${(three! / one!).toFixed(2)} ×`,
  );
}
const whole = (run: ScaledRun): number => ROLES.reduce((sum, role) => sum + run.cpuUs[role], 0);
console.log(
  `all roles, 3 / 1: ${(cpuOf(3, whole) / cpuOf(1, whole)).toFixed(2)} × (wanted ≤ 1.15 ×)`,
);
