import { setTimeout as delay } from "node:timers/promises";
import type { ClusterAddresses } from "../../engines/cluster-addresses.ts";
import {
  FLINK_SETTINGS,
  flinkStatements,
  statementSet,
} from "../../src/language/compile/flink/compile-flink.ts";
import { FlinkSession } from "../../src/runtimes/cluster/flink/sql-gateway.ts";
import type { Case, LogRecord, Readable } from "../case.ts";
import { CaseCluster } from "../cluster/records.ts";
import { readableAlert, readableRow } from "../readable.ts";

type Addresses = Required<Pick<ClusterAddresses, "kafka" | "registry" | "flink">>;

/** A case and its log. */
interface LoadedCase {
  readonly of: Case;
  readonly records: readonly LogRecord[];
}

/** How long a job may take, ms. */
const JOB_MS_MAX = 240_000;
/** Metrics of one job: each takes its share of the memory of a slot. */
const JOB_METRICS_MAX = 10;

/** Some cases as one job. */
interface CaseJob {
  readonly group: string;
  readonly id: string;
  readonly sources: readonly string[];
}

/**
 * The rows of the metrics, and the alerts, of all cases, by the case's name: some jobs compute them,
 * from topics that begin with `prefix` and the case's name. A job is stopped when it has read what
 * there is, and the rows of the checkpoint after that are there.
 */
export async function runFlink(
  { kafka, registry, flink }: Addresses,
  functionsJar: string,
  prefix: string,
  cases: readonly LoadedCase[],
): Promise<ReadonlyMap<string, readonly Readable[]>> {
  const place = { bootstrap: kafka.bootstrap, registryUrl: registry.url };
  const cluster = new CaseCluster(place, prefix);
  const session = await FlinkSession.open(flink.gatewayUrl, {
    ...FLINK_SETTINGS,
    "execution.checkpointing.interval": "2 s",
  });
  const nameOf = (of: Case): string => `${prefix}.${of.name}`;
  try {
    await Promise.all(cases.map(({ of }) => cluster.prepare(of, nameOf(of))));
    for (const { of, records } of cases) await cluster.produce(of, nameOf(of), records);
    const jobs: CaseJob[] = [];
    for (const some of inJobs(cases)) {
      const group = `${prefix}-${jobs.length}`;
      const inserts: string[] = [];
      for (const { of } of some) {
        const { tables, inserts: own } = flinkStatements(of.plan, {
          ...place,
          prefix: nameOf(of),
          job: group,
          functionsJar,
          // A watermark as soon as the record that it is of: then a checkpoint has all of both.
          sourceOptions: { "scan.watermark.emit.strategy": "on-event" },
        });
        for (const table of tables) await session.run(table);
        inserts.push(...own);
      }
      await session.run(`SET 'pipeline.name' = '${group}'`);
      const { job } = await session.run(statementSet(inserts));
      const sources = some.flatMap(({ of }) =>
        sourcesOf(of).map((name) => `${nameOf(of)}.${name}`),
      );
      jobs.push({ group, id: job!, sources });
    }
    for (const job of jobs) await finished(flink.restUrl, job, session, cluster);
    const rows = cases.map(async ({ of }) => {
      const metrics = of.plan.metrics.map(async (metric) =>
        (await cluster.rows(metric, nameOf(of))).map((row) => readableRow(metric, row)),
      );
      const alerts = of.plan.anomalies.map(async (anomaly) => {
        const metric = of.plan.metrics.find(({ name }) => name === anomaly.metric)!;
        return (await cluster.alerts(anomaly, metric, nameOf(of))).map(readableAlert);
      });
      return [of.name, (await Promise.all([...metrics, ...alerts])).flat()] as const;
    });
    return new Map(await Promise.all(rows));
  } finally {
    await session.close();
    await cluster.close();
  }
}

/** The cases in portions of so many metrics. */
function inJobs(cases: readonly LoadedCase[]): readonly (readonly LoadedCase[])[] {
  const jobs: LoadedCase[][] = [];
  let metrics = Infinity;
  for (const each of cases) {
    metrics += each.of.plan.metrics.length;
    if (metrics > JOB_METRICS_MAX) {
      jobs.push([]);
      metrics = each.of.plan.metrics.length;
    }
    jobs.at(-1)!.push(each);
  }
  return jobs;
}

const sourcesOf = ({ plan }: Case): readonly string[] => [
  ...new Set(plan.metrics.map(({ from }) => from)),
];

/** Whether a group has committed that it read all there is. */
async function hasRead(
  { client }: CaseCluster,
  group: string,
  topics: readonly string[],
): Promise<boolean> {
  const places = await client.committed(group);
  const read = new Map(places.map((each) => [`${each.topic} ${each.partition}`, each.offset]));
  const ends = await client.ends(topics);
  return ends.every(({ topic, partition, end }) => (read.get(`${topic} ${partition}`) ?? 0) >= end);
}

/** Waits until everything was read, then stops the job with its last rows committed. */
async function finished(
  restUrl: string,
  { id, group, sources }: CaseJob,
  session: FlinkSession,
  cluster: CaseCluster,
): Promise<void> {
  const deadline = AbortSignal.timeout(JOB_MS_MAX);
  while (!(await hasRead(cluster, group, sources))) {
    await assertRuns(restUrl, id);
    await delay(250, undefined, { signal: deadline });
  }
  await session.run(`STOP JOB '${id}' WITH SAVEPOINT`);
}

async function assertRuns(restUrl: string, job: string): Promise<void> {
  const answer = await fetch(`${restUrl}/jobs/${job}/exceptions`);
  const { exceptionHistory } = (await answer.json()) as {
    readonly exceptionHistory?: { readonly entries: readonly { readonly stacktrace: string }[] };
  };
  const [failure] = exceptionHistory?.entries ?? [];
  if (failure !== undefined) throw new Error(failure.stacktrace);
}
