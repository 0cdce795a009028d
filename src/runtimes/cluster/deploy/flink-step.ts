import { topicNames } from "../../../storage/log/kafka/topic-names.ts";
import { flinkFunctions } from "../java-programs.ts";
import { FlinkJobs } from "../flink/flink-jobs.ts";
import { flinkName, wantedJobs, type WantedJob } from "../flink/wanted-jobs.ts";
import type { Change, DeployContext, DeployStep } from "./deploy-step.ts";

/**
 * A job in Flink for each of its metrics. One that runs as it is wanted is left alone. Another is
 * stopped with a savepoint, and started from that if it still means the same.
 */
export const flinkStep: DeployStep = {
  check: async (context) => {
    const { plan, config, client, clock } = context;
    if (wantedJobs(plan, config, "file:///functions.jar", () => 1).length === 0) return;
    const jobs = await FlinkJobs.open(config, client, clock);
    await jobs.check();
  },
  apply: async function* (context) {
    const { config, client, clock } = context;
    const wanted = await jobsOf(context);
    if (wanted.length === 0 && config.flink === undefined) return;
    const jobs = await FlinkJobs.open(config, client, clock);
    const names = new Set(wanted.map(({ name }) => name));
    for (const name of jobs.names()) {
      const running = names.has(name) ? undefined : await jobs.running(name);
      if (running === undefined) continue;
      const { path } = await jobs.stop(name, running);
      yield { kind: "job", name, did: `stopped, Flink has it no more; savepoint ${path}` };
    }
    for (const job of wanted) {
      const change = await bringAbout(job, jobs, context.fromStart);
      if (change !== undefined) yield change;
    }
  },
};

/** The jobs that a definition wants, when its topics are there. */
async function jobsOf({ plan, config, client, env, tell }: DeployContext) {
  const partitions = await client.ends(
    plan.metrics.map(({ from }) => topicNames(config.prefix).clean(from)),
  );
  const partitionsOf = (topic: string): number =>
    partitions.filter((each) => each.topic === topicNames(config.prefix).clean(topic)).length;
  const isWatched = plan.anomalies.length > 0;
  const jar =
    config.flink?.functionsJar ?? (isWatched ? await flinkFunctions(env, tell) : undefined);
  return wantedJobs(plan, config, jar, partitionsOf);
}

async function bringAbout(
  job: WantedJob,
  jobs: FlinkJobs,
  fromStart: boolean,
): Promise<Change | undefined> {
  const { name } = job;
  const running = await jobs.running(name);
  if (running?.name === flinkName(job)) return undefined;
  if (running !== undefined) await jobs.stop(name, running);
  const state = fromStart ? undefined : await jobs.stateFor(job);
  await jobs.start(job, state);
  const from = state === undefined ? "from the start" : `from ${state.path}`;
  return { kind: "job", name, did: `started ${from}` };
}
