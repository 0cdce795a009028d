import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import shop from "../../examples/shop/pipeline.ts";
import { builtModule } from "../../engines/java-module.ts";
import { systemClock } from "../../src/core/clock.ts";
import { compileKafkaStreams } from "../../src/language/compile/kafka-streams/compile-kafka-streams.ts";
import type { StreamsPlan } from "../../src/language/compile/kafka-streams/streams-plan.ts";
import type { MetricNode } from "../../src/language/plan/nodes.ts";
import { NAMESPACE } from "../../src/runtimes/cluster/cluster-topics.ts";
import { streamsProgram } from "../../src/runtimes/cluster/java-programs.ts";
import { forgetTopics, makeRowsTopic, type BenchPlace } from "./bench-place.ts";
import { javaCpu } from "./java-cpu.ts";
import type { Side, SideRun } from "./side.ts";

const JAR = "hand-written.jar";
const BY_HAND = { name: "hand-written", folder: "bench/cluster/hand-written", made: [JAR, "lib"] };
/** How often both put out changed rows. */
const EMIT_MS = 1_000;
const ASK_EVERY_MS = 250;
/** Everything is read, and nothing was written for this long. */
const QUIET_MS = 4_000;
const FLAGS = [
  "-Xmx512m",
  "-XX:-UseDynamicNumberOfCompilerThreads",
  "--enable-native-access=ALL-UNNAMED",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
];
const tell = (text: string): void => void process.stderr.write(`  ${text}\n`);

/** Our runner with one metric, reading the clean topic: without its gate. */
export const oursOnStreams: Side = {
  run: async (place, metric, prefix) => {
    const { java, jar } = await streamsProgram(process.env, tell);
    const rows = await makeRowsTopic(place, metric, prefix);
    const folder = join(place.folder, prefix);
    mkdirSync(folder, { recursive: true });
    const plan = join(folder, "plan.json");
    writeFileSync(plan, JSON.stringify(onlyMetric(metric, place.input, rows)));
    const settings = join(folder, "settings.json");
    const { kafka, registry } = place.addresses;
    const content = {
      ...{ plan, application: prefix, bootstrap: kafka.bootstrap.join(",") },
      ...{ registry: registry.url, state: join(folder, "state"), roles: "metrics", threads: 1 },
      ...{ emitMs: EMIT_MS, httpPort: 0, endsWithInput: true },
    };
    writeFileSync(settings, JSON.stringify(content));
    const group = `${prefix}.metrics`;
    return measured(place, metric, { java, args: ["-jar", jar, settings], prefix, group, rows });
  },
};

/** The same with the DSL of Kafka Streams: `hand-written/`. */
export const byHandOnStreams: Side = {
  run: async (place, metric, prefix) => {
    const { java } = await streamsProgram(process.env, tell);
    const jar = join(await builtModule(BY_HAND, process.env, tell), JAR);
    const rows = await makeRowsTopic(place, metric, prefix);
    const { kafka, registry } = place.addresses;
    const state = join(place.folder, prefix);
    const group = `${prefix}.by-hand`;
    const settings = [group, kafka.bootstrap.join(","), registry.url, place.input, rows, state];
    const args = ["-jar", jar, metric.name, ...settings];
    return measured(place, metric, { java, args, prefix, group, rows });
  },
};

/** The plan of one metric of the shop over a topic of another name. */
function onlyMetric(metric: MetricNode, input: string, rows: string): StreamsPlan {
  const plan = { ...shop.plan, metrics: [metric], anomalies: [] };
  const compiled = compileKafkaStreams(plan, { namespace: NAMESPACE });
  const [topic] = compiled.topics;
  const metrics = topic!.metrics.map((each) => ({ ...each, rows }));
  return { ...compiled, gates: [], topics: [{ ...topic!, topic: input, metrics }] };
}

interface Program {
  readonly java: string;
  readonly args: readonly string[];
  readonly prefix: string;
  /** By whose positions it is known how far it has read. */
  readonly group: string;
  readonly rows: string;
}

async function measured(
  place: BenchPlace,
  metric: MetricNode,
  { java, args, prefix, group, rows }: Program,
): Promise<SideRun> {
  const began = systemClock.monotonicMs();
  const child = spawn(java, [...FLAGS, ...args], { stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(child, "exit");
  try {
    await untilDone(place, child, group, rows);
    const cpu = javaCpu(child.pid!);
    const wallMs = systemClock.monotonicMs() - began;
    const written = (await place.cluster.records(rows)).length;
    const newest = await place.cluster.rows(metric, prefix);
    return { ...cpu, wallMs, written, rows: newest };
  } finally {
    child.kill("SIGTERM");
    await ended;
    await forgetTopics(place, prefix);
  }
}

/** Until it has read its input to the end, and then written nothing for a while. */
async function untilDone(
  { cluster: { client }, input }: BenchPlace,
  child: ChildProcess,
  group: string,
  rows: string,
): Promise<void> {
  const ends = await client.ends([input]);
  let written = -1;
  let quietSince = systemClock.monotonicMs();
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    await sleep(ASK_EVERY_MS);
    const read = (await client.committed(group)).filter(({ topic }) => topic === input);
    const isRead = ends.every(
      ({ partition, end }) =>
        end === 0 || read.some((each) => each.partition === partition && each.offset >= end),
    );
    const now = (await client.ends([rows])).reduce((sum, { end }) => sum + end, 0);
    if (!isRead || now !== written) quietSince = systemClock.monotonicMs();
    written = now;
    if (systemClock.monotonicMs() - quietSince >= QUIET_MS) return;
  }
}
