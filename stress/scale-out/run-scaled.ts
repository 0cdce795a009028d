import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { randomHex } from "../../src/core/random.ts";
import {
  ROLES,
  ScaledCluster,
  type RoleCpu,
  type ScaledClusterOptions,
  type ScaledRole,
} from "./scaled-cluster.ts";

/** What a number of replicas did with some visits. */
export interface ScaledRun {
  readonly replicas: number;
  readonly visits: number;
  /** Of each replica, of the work of its role. */
  readonly shares: Readonly<Record<ScaledRole, readonly number[]>>;
  /** CPU time of all replicas of a role a visit, µs, without what they use while nothing comes. */
  readonly cpuUs: RoleCpu;
  /** CPU time of all replicas of a role while nothing comes, ms a second. */
  readonly idleCpu: RoleCpu;
  readonly wallMs: number;
  readonly loadAverage: number;
  readonly totals: unknown;
}

export interface RunScaledOptions extends Pick<
  ScaledClusterOptions,
  "addresses" | "folder" | "replicas"
> {
  readonly visits: number;
}

/** Before the work is measured, so many times at most: until every replica has its share of it. */
const WARM_UPS_MAX = 8;
const WARM_UP_PART = 6;
/** Of an even share: whoever has less than that hasn't got its partitions yet. */
const HAS_PARTITIONS = 0.5;
const IDLE_MS = 6_000;

/** Starts replicas, warms them up, and has them count visits once more. */
export async function runScaled(options: RunScaledOptions): Promise<ScaledRun> {
  const { replicas, visits } = options;
  const prefix = `scale${replicas}-${randomHex(4)}`;
  const cluster = new ScaledCluster({
    ...options,
    prefix,
    folder: join(options.folder, prefix),
  });
  try {
    await cluster.start();
    await warmUp(cluster, replicas, Math.ceil(visits / WARM_UP_PART));
    const idleCpu = await idle(cluster);
    const [cpu, work, began] = [cluster.cpu(), await cluster.work(), systemClock.monotonicMs()];
    await cluster.count(visits, "measured");
    const wallMs = systemClock.monotonicMs() - began;
    const [cpuNow, workNow] = [cluster.cpu(), await cluster.work()];
    const used = (role: ScaledRole): number =>
      ((cpuNow[role] - cpu[role] - (idleCpu[role] * wallMs) / 1_000) * 1_000) / visits;
    return {
      ...{ replicas, visits, idleCpu, wallMs },
      shares: byRole((role) => sharesOf(work[role], workNow[role])),
      cpuUs: byRole(used),
      loadAverage: loadavg()[0]!,
      totals: await cluster.totals(),
    };
  } finally {
    await cluster.stop();
  }
}

/** The same number of visits however often it takes, so that totals are the same. */
async function warmUp(cluster: ScaledCluster, replicas: number, visits: number): Promise<void> {
  await cluster.count(visits, "first");
  for (let round = 0; round < WARM_UPS_MAX; round++) {
    const before = await cluster.work();
    await sleep(IDLE_MS); // heartbeats come to every partition
    const now = await cluster.work();
    const shares = sharesOf(before.stream, now.stream);
    if (Math.min(...shares) * replicas >= HAS_PARTITIONS) return;
  }
}

async function idle(cluster: ScaledCluster): Promise<RoleCpu> {
  const [before, began] = [cluster.cpu(), systemClock.monotonicMs()];
  await sleep(IDLE_MS);
  const [now, ms] = [cluster.cpu(), systemClock.monotonicMs() - began];
  return byRole((role) => ((now[role] - before[role]) * 1_000) / ms);
}

function sharesOf(before: readonly number[], now: readonly number[]): readonly number[] {
  const done = now.map((each, index) => each - before[index]!);
  const all = done.reduce((sum, each) => sum + each, 0);
  return done.map((each) => each / all);
}

const byRole = <Value>(of: (role: ScaledRole) => Value): Readonly<Record<ScaledRole, Value>> => ({
  collect: of("collect"),
  stream: of("stream"),
  load: of("load"),
});

/** One run in a few lines. */
export function scaledText({ replicas, visits, shares, ...run }: ScaledRun): string {
  const lines = ROLES.map((role) => {
    const own = shares[role].map((share) => `${(share * 100).toFixed(0)} %`).join(", ");
    return `  ${role}: ${own}; ${run.cpuUs[role].toFixed(0)} µs a visit, idle ${(run.idleCpu[role] / 10).toFixed(1)} % of a processor`;
  });
  const head = `${replicas} of each role, ${visits} visits in ${(run.wallMs / 1_000).toFixed(1)} s, load average ${run.loadAverage.toFixed(1)}`;
  return [head, ...lines].join("\n");
}
