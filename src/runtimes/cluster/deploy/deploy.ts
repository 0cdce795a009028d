import { KafkaClient } from "../../../storage/log/kafka/kafka-client.ts";
import { topicNames } from "../../../storage/log/kafka/topic-names.ts";
import { openConfluentRegistry } from "../../../storage/registry/confluent/confluent-registry.ts";
import { planFor } from "../../../language/plan/engine.ts";
import { FlinkJobs, type JobStatus } from "../flink/flink-jobs.ts";
import { connectStep } from "../connect/connect-step.ts";
import type { Change, DeployContext, DeployStep } from "./deploy-step.ts";
import { flinkStep } from "./flink-step.ts";
import { planStep } from "./plan-step.ts";
import { schemasStep } from "./schemas-step.ts";
import { tablesStep } from "./tables-step.ts";
import { topicsStep } from "./topics-step.ts";

/** In the order in which they are done; all are checked before the first changes anything. */
const STEPS: readonly DeployStep[] = [
  planStep,
  topicsStep,
  schemasStep,
  tablesStep,
  connectStep,
  flinkStep,
];

/** What a deployment is told. */
export type DeployOptions = Omit<DeployContext, "client" | "registry">;

/**
 * Brings a definition about in a cluster, and gives each change when it is done; none where it is
 * there already. What is refused changes nothing: `DEFINITION_INVALID`, `UNSUPPORTED_BY_ENGINE`,
 * `SCHEMA_INCOMPATIBLE`, an engine that doesn't answer.
 */
export async function* deploy(options: DeployOptions): AsyncGenerator<Change> {
  const client = new KafkaClient(options.config.kafka, "millrace-deploy");
  const registry = openConfluentRegistry(options.config.registry);
  const context = { ...options, client, registry };
  try {
    for (const step of STEPS) await step.check(context);
    for (const step of STEPS) yield* step.apply(context);
  } finally {
    await registry.close();
    await client.close();
  }
}

/** Stops the definition's jobs in Flink with savepoints, from which `deploy` starts them again. */
export async function* stopJobs(options: DeployOptions): AsyncGenerator<Change> {
  if (hasNoFlink(options)) return;
  const client = new KafkaClient(options.config.kafka, "millrace-deploy");
  try {
    const jobs = await FlinkJobs.open(options.config, client, options.clock);
    for (const name of namesOf(options, jobs)) {
      const running = await jobs.running(name);
      if (running === undefined) continue;
      const { path } = await jobs.stop(name, running);
      yield { kind: "job", name, did: `stopped; savepoint ${path}` };
    }
  } finally {
    await client.close();
  }
}

/** How the definition's jobs in Flink stand. */
export async function jobStatus(options: DeployOptions): Promise<readonly JobStatus[]> {
  if (hasNoFlink(options)) return [];
  const client = new KafkaClient(options.config.kafka, "millrace-deploy");
  try {
    const jobs = await FlinkJobs.open(options.config, client, options.clock);
    return await Promise.all(namesOf(options, jobs).map((name) => jobs.status(name)));
  } finally {
    await client.close();
  }
}

/** Where Flink has no address, only a definition that wants it can miss it. */
const hasNoFlink = ({ plan, config }: DeployOptions): boolean =>
  config.flink === undefined && planFor("flink", plan).metrics.length === 0;

/** Jobs that the definition wants, and those that it once wanted. */
function namesOf({ plan, config }: DeployOptions, jobs: FlinkJobs): readonly string[] {
  const { clean } = topicNames(config.prefix);
  const wanted = planFor("flink", plan).metrics.map(({ name }) => clean(name));
  return [...new Set([...wanted, ...jobs.names()])].toSorted();
}
