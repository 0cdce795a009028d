import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import shop from "../../examples/shop/pipeline.ts";
import { systemClock } from "../../src/core/clock.ts";
import { metricAvro } from "../../src/language/compile/avro/metric-avro.ts";
import {
  FLINK_SETTINGS,
  flinkStatements,
  statementSet,
} from "../../src/language/compile/flink/compile-flink.ts";
import type { MetricNode } from "../../src/language/plan/nodes.ts";
import { NAMESPACE } from "../../src/runtimes/cluster/cluster-topics.ts";
import { isOver, JobManager } from "../../src/runtimes/cluster/flink/job-manager.ts";
import { FlinkSession } from "../../src/runtimes/cluster/flink/sql-gateway.ts";
import { forgetTopics, makeRowsTopic, type BenchPlace } from "./bench-place.ts";
import { cpuSince, javaCpu } from "./java-cpu.ts";
import type { Side, SideRun } from "./side.ts";

const BY_HAND = new URL("hand-written/conversion-rates.sql", import.meta.url);
/** Both end where the topic ends now, and both take a checkpoint every so often. */
const BOUNDED = { "scan.bounded.mode": "latest-offset" };
const CHECKPOINTS = { "execution.checkpointing.interval": "10 s" };
const TASK_MANAGER = "flink-taskmanager";
const ASK_EVERY_MS = 200;

/** Our statements for one metric. */
export const oursOnFlink: Side = {
  run: async (place, metric, prefix) => {
    const rows = await makeRowsTopic(place, metric, prefix);
    const { kafka, registry } = place.addresses;
    const { tables, inserts } = flinkStatements(
      { ...shop.plan, metrics: [metric], anomalies: [] },
      {
        bootstrap: kafka.bootstrap,
        registryUrl: registry.url,
        prefix,
        job: prefix,
        sourceOptions: BOUNDED,
      },
    );
    // Every run reads the same topic, whatever its own are called.
    const source = (sql: string): string =>
      sql.replace(`'topic' = '${prefix}.${metric.from}'`, `'topic' = '${place.input}'`);
    return measured(place, metric, { tables: tables.map(source), inserts, prefix, rows });
  },
};

/** The same as SQL that somebody wrote: `hand-written/conversion-rates.sql`. */
export const byHandOnFlink: Side = {
  run: async (place, metric, prefix) => {
    const rows = await makeRowsTopic(place, metric, prefix);
    const { kafka, registry } = place.addresses;
    const values: Readonly<Record<string, string>> = {
      input: place.input,
      rows,
      bootstrap: kafka.bootstrap.join(","),
      registry: registry.url,
      job: prefix,
      schema: JSON.stringify(metricAvro(metric, NAMESPACE)),
    };
    const sql = readFileSync(BY_HAND, "utf8").replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`conversion-rates.sql asks for ${name}`);
      return value;
    });
    const [insert, ...tables] = sql
      .split(/;\s*\n/)
      .filter((part) => part.trim() !== "")
      .toReversed();
    return measured(place, metric, {
      tables: tables.toReversed(),
      inserts: [insert!],
      prefix,
      rows,
    });
  },
};

interface Job {
  readonly tables: readonly string[];
  readonly inserts: readonly string[];
  readonly prefix: string;
  readonly rows: string;
}

/** From before the job is submitted until it has ended: the TaskManager has no other. */
async function measured(
  place: BenchPlace,
  metric: MetricNode,
  { tables, inserts, prefix, rows }: Job,
): Promise<SideRun> {
  const { flink } = place.addresses;
  const { pid } = place.engines.status().find(({ name }) => name === TASK_MANAGER)!;
  const session = await FlinkSession.open(flink.gatewayUrl, { ...FLINK_SETTINGS, ...CHECKPOINTS });
  try {
    for (const table of tables) await session.run(table);
    const before = javaCpu(pid);
    const began = systemClock.monotonicMs();
    const { job } = await session.run(statementSet(inserts));
    await untilFinished(new JobManager(flink.restUrl), job!);
    const cpu = cpuSince(before, javaCpu(pid));
    const wallMs = systemClock.monotonicMs() - began;
    const written = (await place.cluster.records(rows)).length;
    return { ...cpu, wallMs, written, rows: await place.cluster.rows(metric, prefix) };
  } finally {
    await session.close();
    await forgetTopics(place, prefix);
  }
}

async function untilFinished(manager: JobManager, id: string): Promise<void> {
  for (;;) {
    const job = (await manager.jobs()).find((each) => each.id === id);
    if (job?.state === "FINISHED") return;
    if (job !== undefined && isOver(job)) throw new Error(await manager.failureOf(id));
    await sleep(ASK_EVERY_MS);
  }
}
