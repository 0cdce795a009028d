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
import { readableRow } from "../readable.ts";

type Addresses = Required<Pick<ClusterAddresses, "kafka" | "registry" | "flink">>;

/** A case and its log. */
interface LoadedCase {
  readonly of: Case;
  readonly records: readonly LogRecord[];
}

/** How long a job may take, ms. */
const JOB_MS_MAX = 240_000;

/**
 * The rows of the metrics of all cases, by the case's name: one job computes all of them, from topics
 * that begin with `prefix` and the case's name. It is stopped when it has read what there is, and
 * the rows of the checkpoint after that are there.
 */
export async function runFlink(
  { kafka, registry, flink }: Addresses,
  prefix: string,
  cases: readonly LoadedCase[],
): Promise<ReadonlyMap<string, readonly Readable[]>> {
  const place = { bootstrap: kafka.bootstrap, registryUrl: registry.url };
  const cluster = new CaseCluster(place, prefix);
  const session = await FlinkSession.open(flink.gatewayUrl, {
    ...FLINK_SETTINGS,
    "execution.checkpointing.interval": "2 s",
    "pipeline.name": prefix,
  });
  try {
    const inserts: string[] = [];
    for (const { of, records } of cases) {
      const own = `${prefix}.${of.name}`;
      await cluster.prepare(of, own);
      await cluster.produce(of, own, records);
      const statements = flinkStatements(of.plan, {
        ...place,
        prefix: own,
        job: prefix,
        // A watermark as soon as the record that it is of: then a checkpoint has all of both.
        sourceOptions: { "scan.watermark.emit.strategy": "on-event" },
      });
      for (const table of statements.tables) await session.run(table);
      inserts.push(...statements.inserts);
    }
    const { job } = await session.run(statementSet(inserts));
    const sources = cases.flatMap(({ of }) =>
      sourcesOf(of).map((name) => `${prefix}.${of.name}.${name}`),
    );
    await finished(flink.restUrl, job!, session, () => hasRead(cluster, prefix, sources));
    const rows = new Map<string, readonly Readable[]>();
    for (const { of } of cases) {
      const found = of.plan.metrics.map(async (metric) => {
        const own = await cluster.rows(metric, `${prefix}.${of.name}`);
        return own.map((row) => readableRow(metric, row));
      });
      rows.set(of.name, (await Promise.all(found)).flat());
    }
    return rows;
  } finally {
    await session.close();
    await cluster.close();
  }
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
  job: string,
  session: FlinkSession,
  isRead: () => Promise<boolean>,
): Promise<void> {
  const deadline = AbortSignal.timeout(JOB_MS_MAX);
  try {
    while (!(await isRead())) {
      await assertRuns(restUrl, job);
      await delay(250, undefined, { signal: deadline });
    }
  } finally {
    await session.run(`STOP JOB '${job}' WITH SAVEPOINT`);
  }
}

async function assertRuns(restUrl: string, job: string): Promise<void> {
  const answer = await fetch(`${restUrl}/jobs/${job}/exceptions`);
  const { exceptionHistory } = (await answer.json()) as {
    readonly exceptionHistory?: { readonly entries: readonly { readonly stacktrace: string }[] };
  };
  const [failure] = exceptionHistory?.entries ?? [];
  if (failure !== undefined) throw new Error(failure.stacktrace);
}
