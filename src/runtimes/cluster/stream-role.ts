import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asMillraceError } from "../../core/errors.ts";
import { randomHex } from "../../core/random.ts";
import { compileKafkaStreams } from "../../language/compile/kafka-streams/compile-kafka-streams.ts";
import { planFor } from "../../language/plan/engine.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { gauge } from "../shared/collector-figures.ts";
import { NAMESPACE } from "./cluster-topics.ts";
import { javaKafkaProperties } from "./java-kafka.ts";
import { javaRegistryUrl } from "./java-registry.ts";
import { streamsProgram } from "./java-programs.ts";
import type { Role, RoleOptions } from "./role.ts";
import { serveHealth } from "./serve-health.ts";
import { KeptRunning } from "./streams/kept-running.ts";
import { runnerFigures } from "./streams/runner-metrics.ts";
import { StreamsRunner } from "./streams/streams-runner.ts";

const THREADS = 1;
const EMIT_MS = 1_000;

/**
 * The gate, and the metrics that Kafka Streams computes: a Java process of the replica's own. Any
 * number of them share the partitions. What it keeps on disk it can restore from Kafka.
 */
export async function startStream(options: RoleOptions): Promise<Role> {
  const { plan, parts, settings, env, onProblem } = options;
  const { kafka, registry, prefix, streams = {} } = parts.config;
  const folder = join(settings.dataDir, "streams");
  const compiled = compileKafkaStreams(planFor("kafka-streams", plan), {
    namespace: NAMESPACE,
    ...(prefix !== "" && { prefix }),
  });
  const runner = new StreamsRunner({
    program: await streamsProgram(env, onProblem, streams.jar),
    plan: compiled,
    application: topicNames(prefix).streams,
    instance: instanceIn(folder),
    bootstrap: kafka.bootstrap,
    registryUrl: javaRegistryUrl(registry, streams.javaFlags),
    roles: ["gate", "metrics"],
    threads: streams.threads ?? THREADS,
    emitMs: streams.emitMs ?? EMIT_MS,
    folder,
    kafka: javaKafkaProperties(kafka),
    ...(streams.javaFlags !== undefined && { javaFlags: streams.javaFlags }),
    tell: onProblem,
  });
  const kept = new KeptRunning(runner, (thrown) => onProblem(asMillraceError(thrown).message));
  const health = await serveHealth(settings, onProblem, {
    parts: async () => {
      const { isRunning, text } = await runner.state();
      return [
        { part: "kafka", ready: await parts.client.isReady() },
        { part: "kafka-streams", ready: isRunning, detail: text },
      ];
    },
    figures: async () => [
      gauge("millrace_streams_starts_total", "Starts of the runner", kept.starts, "counter"),
      ...runnerFigures(await runner.metrics()),
    ],
  });
  return {
    url: health.url,
    close: async () => {
      await kept.close();
      await health.close();
    },
  };
}

/** The replica's name among the others: the same when it is started again on its folder. */
function instanceIn(folder: string): string {
  const file = join(folder, "instance");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file)) writeFileSync(file, randomHex(8));
  return readFileSync(file, "utf8");
}
