import { setTimeout as delay } from "node:timers/promises";
import type { ClusterAddresses } from "../../engines/cluster-addresses.ts";
import {
  FLINK_SETTINGS,
  flinkStatements,
  statementSet,
  type FlinkOptions,
} from "../../src/language/compile/flink/compile-flink.ts";
import { FlinkSession } from "../../src/runtimes/cluster/flink/sql-gateway.ts";
import type { Case, LogRecord, Readable } from "../case.ts";
import { CaseCluster } from "../cluster/records.ts";
import { readableAlert, readableRow } from "../readable.ts";
import { DAY_MS } from "./ranges.ts";

type Addresses = Required<Pick<ClusterAddresses, "kafka" | "registry" | "flink">>;

/** A case and its log. */
interface LoadedCase {
  readonly of: Case;
  readonly records: readonly LogRecord[];
}

/** How long everything may take until it was read, ms. */
const READ_MS_MAX = 600_000;
/** Metrics of one job: each takes its share of the memory of a slot. */
const JOB_METRICS_MAX = 10;
/** So long after a case's last record a heartbeat closes what is open, ms. */
const MUCH_LATER_MS = 7 * DAY_MS;

/** What Flink wrote of a case: rows of metrics, alerts. */
export interface FlinkRun {
  /** When it had read the case's log. */
  readonly closed: readonly Readable[];
  /** Rows of metrics, when time had moved on so far that every window closed. */
  readonly all: readonly Readable[];
}

/** Some cases as one job. */
interface CaseJob {
  /** The consumer group. */
  readonly group: string;
  readonly id: string;
  readonly sources: readonly string[];
}

/**
 * Runs all cases, in some jobs, from topics that begin with `prefix` and the case's name. The result
 * is by the case's name.
 */
export async function runFlink(
  { kafka, registry, flink }: Addresses,
  functionsJar: string,
  prefix: string,
  cases: readonly LoadedCase[],
  more: Pick<FlinkOptions, "sinceMs"> = {},
): Promise<ReadonlyMap<string, FlinkRun>> {
  const place = { bootstrap: kafka.bootstrap, registryUrl: registry.url };
  const cluster = new CaseCluster(place, prefix);
  const session = await FlinkSession.open(flink.gatewayUrl, {
    ...FLINK_SETTINGS,
    "execution.checkpointing.interval": "2 s",
  });
  const nameOf = (of: Case): string => `${prefix}.${of.name}`;
  const jobs: CaseJob[] = [];
  try {
    await Promise.all(cases.map(({ of }) => cluster.prepare(of, nameOf(of))));
    for (const { of, records } of cases) await cluster.produce(of, nameOf(of), records);
    for (const some of inJobs(cases)) {
      const group = `${prefix}-${jobs.length}`;
      const inserts: string[] = [];
      for (const { of } of some) {
        const { tables, inserts: own } = flinkStatements(of.plan, {
          ...place,
          ...more,
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
    const deadline = AbortSignal.timeout(READ_MS_MAX);
    const readAll = async (): Promise<void> => {
      for (const job of jobs) await untilRead(flink.restUrl, job, cluster, deadline);
    };
    await readAll();
    const closed = new Map<string, readonly Readable[]>();
    for (const { of } of cases) closed.set(of.name, await rowsOf(cluster, of, nameOf(of)));
    for (const { of, records } of cases) {
      await cluster.produce(of, nameOf(of), muchLater(of, records));
    }
    await readAll();
    const runs = new Map<string, FlinkRun>();
    for (const { of } of cases) {
      const all = await rowsOf(cluster, of, nameOf(of));
      runs.set(of.name, {
        closed: closed.get(of.name)!,
        all: all.filter((row) => "metric" in row),
      });
    }
    return runs;
  } finally {
    // One that fails, as where the engine is gone, keeps none of the others.
    await Promise.allSettled(
      jobs.map(({ id }) => fetch(`${flink.restUrl}/jobs/${id}`, { method: "PATCH" })),
    );
    const topics = await cluster.client.topics();
    const own = topics.filter((name) => name.startsWith(`${prefix}.`));
    await Promise.allSettled([session.close(), cluster.client.deleteTopics(own)]);
    await cluster.close();
  }
}

async function rowsOf(
  cluster: CaseCluster,
  { plan }: Case,
  name: string,
): Promise<readonly Readable[]> {
  const metrics = plan.metrics.map(async (metric) =>
    (await cluster.rows(metric, name)).map((row) => readableRow(metric, row)),
  );
  const alerts = plan.anomalies.map(async (anomaly) => {
    const metric = plan.metrics.find((each) => each.name === anomaly.metric)!;
    return (await cluster.alerts(anomaly, metric, name)).map(readableAlert);
  });
  return (await Promise.all([...metrics, ...alerts])).flat();
}

/** A heartbeat to every partition, long after everything else. */
function muchLater(of: Case, records: readonly LogRecord[]): readonly LogRecord[] {
  const last = Math.max(0, ...records.map(({ receivedAt }) => receivedAt));
  return of.topics.flatMap(({ name: topic }) =>
    Array.from({ length: of.partitions }, (_, partition) => ({
      topic,
      partition,
      // Where it lies is Kafka's to say.
      offset: 0,
      receivedAt: last + MUCH_LATER_MS,
    })),
  );
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

/** Waits until a job has read everything, and what it wrote then is committed. */
async function untilRead(
  restUrl: string,
  { id, group, sources }: CaseJob,
  cluster: CaseCluster,
  deadline: AbortSignal,
): Promise<void> {
  while (!(await hasRead(cluster, group, sources))) {
    await delay(ASK_EVERY_MS, undefined, { signal: deadline });
  }
  // Groups' offsets and transactions are committed side by side when a checkpoint is complete: when
  // the next but one is, those of this one are.
  const enough = (await checkpoints(restUrl, id)) + 2;
  while ((await checkpoints(restUrl, id)) < enough) {
    await delay(ASK_EVERY_MS, undefined, { signal: deadline });
  }
}

const ASK_EVERY_MS = 250;

/** How many checkpoints of a job are complete; 0 while a JobManager is being started again. */
async function checkpoints(restUrl: string, job: string): Promise<number> {
  const answer = await fetch(`${restUrl}/jobs/${job}/checkpoints`).catch(() => undefined);
  if (answer?.ok !== true) return 0;
  const { counts } = (await answer.json()) as { readonly counts: { readonly completed: number } };
  return counts.completed;
}
