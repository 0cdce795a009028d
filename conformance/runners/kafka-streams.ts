import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterAddresses } from "../../engines/cluster-addresses.ts";
import { ByteWriter } from "../../src/core/byte-writer.ts";
import { RowAvro } from "../../src/language/compile/avro/row-avro.ts";
import { rowToValues } from "../../src/language/compile/javascript/row-to-object.ts";
import { compileKafkaStreams } from "../../src/language/compile/kafka-streams/compile-kafka-streams.ts";
import type { StreamsPlan } from "../../src/language/compile/kafka-streams/streams-plan.ts";
import { SLACK_MS } from "../../src/language/plan/window.ts";
import { ROW_FLAGS } from "../../src/language/schema/layout.ts";
import { streamsProgram } from "../../src/runtimes/cluster/java-programs.ts";
import { StreamsRunner } from "../../src/runtimes/cluster/streams/streams-runner.ts";
import { FRAME_BYTES } from "../../src/storage/log/kafka/framed-record.ts";
import type { Case, LogRecord, Readable } from "../case.ts";
import { CaseCluster } from "../cluster/records.ts";
import { readableAlert, readableRecord, readableRow } from "../readable.ts";

/** What Kafka Streams made of one case. */
export interface StreamsRun {
  /** Rows of metrics, alerts, and rows of the topics that the case lists. */
  readonly rows: readonly Readable[];
  /** Window starts whose newest row is a deletion. */
  readonly deleted: readonly Readable[];
}

const NAMESPACE = "millrace";
const PARTITIONS_LEAST = 3;
const EMIT_MS = 500;
const ASK_EVERY_MS = 200;
/** Nothing is counted for this long, and nothing is known to be left to read. */
const QUIET_MS = 6 * EMIT_MS;
const QUIET_WITHIN_MS = 240_000;
/** A task that is still being restored is quiet, too. */
const RIGHT_WITHIN_MS = 120_000;

/** What a runner needs. */
export type StreamsAddresses = Required<Pick<ClusterAddresses, "kafka" | "registry">>;

export const openCluster = ({ kafka, registry }: StreamsAddresses, clientId: string): CaseCluster =>
  new CaseCluster({ bootstrap: kafka.bootstrap, registryUrl: registry.url }, clientId);

/** A runner of a plan in a folder, which may have run another one there. */
export const makeRunner = async (
  application: string,
  folder: string,
  plan: StreamsPlan,
  { kafka, registry }: StreamsAddresses,
): Promise<StreamsRunner> =>
  new StreamsRunner({
    program: await streamsProgram(process.env, tell),
    plan,
    application,
    instance: "1",
    bootstrap: kafka.bootstrap,
    registryUrl: registry.url,
    roles: ["gate", "metrics"],
    threads: 2,
    emitMs: EMIT_MS,
    folder,
    kafka: { "replication.factor": "1" },
    javaFlags: ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"],
  });

const tell = (text: string): void => void process.stderr.write(`  ${text}\n`);

/**
 * Runs all cases in one process of the runner, each under its own prefix, over at least three
 * partitions. Those that have something for the gate begin at raw topics, with every event there
 * twice. The process finds the first half as a backlog, is killed amid it, and finds the rest when
 * it starts again. What it gives at last is read when nothing has happened for a while, and again
 * until `isRight` takes all of it or time is up.
 */
export async function runKafkaStreams(
  logs: ReadonlyMap<Case, readonly LogRecord[]>,
  addresses: StreamsAddresses,
  isRight: (of: Case, run: StreamsRun) => boolean,
): Promise<ReadonlyMap<Case, StreamsRun>> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-streams-"));
  const run = `c${process.pid}-${Date.now().toString(36)}`;
  const cluster = openCluster(addresses, run);
  const cases = [...logs].map(([of, records]): PreparedCase => {
    const raw = hasGate(of);
    const spreadOut = spread(of, records);
    return {
      of: { ...of, partitions: Math.max(of.partitions, PARTITIONS_LEAST) },
      original: of,
      prefix: `${run}.${of.name}`,
      raw,
      records: raw ? sentTwice(spreadOut) : spreadOut,
    };
  });
  const runner = await makeRunner(run, folder, planOf(cases), addresses);
  try {
    await Promise.all(cases.map(({ of, prefix, raw }) => cluster.prepare(of, prefix, { raw })));
    for (const { of, prefix, records, raw } of cases) {
      await cluster.produce(of, prefix, records.slice(0, records.length / 2), { raw });
    }
    await runner.start();
    await until(async () => counted(await runner.metrics(), "records_total") > 0);
    await runner.kill();
    for (const { of, prefix, records, raw } of cases) {
      await cluster.produce(of, prefix, records.slice(records.length / 2), { raw });
    }
    await runner.start();
    const runs = new Map<Case, StreamsRun>();
    const deadline = performance.now() + RIGHT_WITHIN_MS;
    do {
      await untilQuiet(runner);
      for (const { of, original, prefix } of cases) {
        runs.set(original, await read(cluster, of, prefix));
      }
    } while (performance.now() < deadline && ![...runs].every(([of, run]) => isRight(of, run)));
    return runs;
  } finally {
    await runner.stop();
    await forget(cluster, run);
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface PreparedCase {
  /** With at least three partitions. */
  readonly of: Case;
  readonly original: Case;
  readonly prefix: string;
  /** It begins at raw topics. */
  readonly raw: boolean;
  readonly records: readonly LogRecord[];
}

/** What a gate does something for: makes streams, meets tables, other schemas, and duplicates. */
const hasGate = (of: Case): boolean =>
  of.plan.streams.length > 0 ||
  of.plan.tables.length > 0 ||
  of.topicsBefore.length > 0 ||
  Object.values(of.shows).some((hazards) => hazards.includes("duplicates"));

/** One plan with the topologies of all cases. */
function planOf(cases: readonly PreparedCase[]): StreamsPlan {
  const plans = cases.map(({ of, prefix, raw }) => {
    const plan = compileKafkaStreams(of.plan, { namespace: NAMESPACE, prefix });
    return { ...plan, gates: raw ? plan.gates : [] };
  });
  return {
    format: 1,
    name: "conformance",
    slackMs: SLACK_MS,
    gates: plans.flatMap((plan) => plan.gates),
    topics: plans.flatMap((plan) => plan.topics),
  };
}

/** Heartbeats on the partitions that the case doesn't have: as far as any other partition came. */
function spread(of: Case, records: readonly LogRecord[]): readonly LogRecord[] {
  const added = of.topics.flatMap(({ name: topic }): readonly LogRecord[] => {
    const own = records.filter((record) => record.topic === topic);
    if (own.length === 0) return [];
    const receivedAt = Math.max(...own.map((record) => record.receivedAt));
    return Array.from({ length: Math.max(0, PARTITIONS_LEAST - of.partitions) }, (_, index) => ({
      topic,
      partition: of.partitions + index,
      offset: 0,
      receivedAt,
    }));
  });
  return [...records, ...added];
}

/** Each record, and a few records later the same once more, as a client that repeats a request. */
function sentTwice(records: readonly LogRecord[]): readonly LogRecord[] {
  const behind = 2;
  return [...records, ...Array.from<undefined>({ length: behind })].flatMap((record, at) => {
    const again = records[at - behind];
    return [record, again].filter((each) => each !== undefined);
  });
}

/** The sum of a counter over its labels. */
function counted(metrics: ReadonlyMap<string, number>, name: string): number {
  let sum = 0;
  for (const [id, value] of metrics) {
    if (id.startsWith(`millrace_streams_${name}{`)) sum += value;
  }
  return sum;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + QUIET_WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("the runner didn't get there in time");
    await delay(ASK_EVERY_MS);
  }
}

/** Until nothing more is read and put out. */
export async function untilQuiet(runner: StreamsRunner): Promise<void> {
  let last = "";
  let since = performance.now();
  await until(async () => {
    const metrics = await runner.metrics();
    const counts = [...metrics].filter(([id]) => id.startsWith("millrace_"));
    const lag = [...metrics].reduce(
      (sum, [id, value]) => (/_records_lag\{/.test(id) ? sum + value : sum),
      0,
    );
    const now = JSON.stringify([counts, lag]);
    if (now !== last || lag > 0 || counts.length === 0 || !(await runner.state()).isRunning) {
      last = now;
      since = performance.now();
    }
    return performance.now() - since > QUIET_MS;
  });
}

async function read(cluster: CaseCluster, of: Case, prefix: string): Promise<StreamsRun> {
  const rows: Readable[] = [];
  const deleted: Readable[] = [];
  for (const metric of of.plan.metrics) {
    for (const row of await cluster.rows(metric, prefix)) {
      const { key, window_start, ...rest } = readableRow(metric, row);
      if (row.op === "upsert") rows.push({ key, window_start, ...rest });
      else deleted.push({ metric: metric.name, key, window_start, op: "delete" });
    }
  }
  for (const anomaly of of.plan.anomalies) {
    const metric = of.plan.metrics.find(({ name }) => name === anomaly.metric)!;
    const alerts = await cluster.alerts(anomaly, metric, prefix);
    rows.push(...alerts.map(readableAlert));
  }
  for (const topic of of.listed) {
    rows.push(...(await readTopic(cluster, of, prefix, topic)).map(readableRecord));
  }
  return { rows, deleted };
}

/** The records of a clean topic, without heartbeats. */
async function readTopic(
  cluster: CaseCluster,
  of: Case,
  prefix: string,
  name: string,
): Promise<readonly LogRecord[]> {
  const topic = of.topics.find((each) => each.name === name)!;
  const avro = new RowAvro(topic.layout);
  const found = await cluster.records(`${prefix}.${name}`);
  return found.flatMap(({ value, offset }): readonly LogRecord[] => {
    if (value === null) return [];
    const out = new ByteWriter();
    avro.toRow(value, FRAME_BYTES, { offset, partition: 0 }, out);
    const bytes = out.take();
    const { values } = rowToValues(topic.layout, bytes, 0);
    const named = new Map(topic.layout.columns.map((each, at) => [each.name, values[at]!]));
    if ((Number(named.get("_flags")) & ROW_FLAGS.heartbeat) !== 0) return [];
    const receivedAt = named.get("received_at") as number;
    const row = { layout: topic.layout, values: named, bytes };
    return [{ topic: name, partition: 0, offset, receivedAt, row }];
  });
}

/** Deletes every topic of a run. */
export async function forget(cluster: CaseCluster, run: string): Promise<void> {
  const topics = await cluster.client.topics();
  await cluster.client.deleteTopics(topics.filter((topic) => topic.startsWith(run)));
}
