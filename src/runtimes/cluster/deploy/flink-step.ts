import { planFor } from "../../../language/plan/engine.ts";
import { FUTURE_MS, SLACK_MS } from "../../../language/plan/window.ts";
import { topicNames } from "../../../storage/log/kafka/topic-names.ts";
import type { PartitionEnd } from "../../../storage/log/log.ts";
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
    const { plan, config, client, clock } = context;
    const { clean } = topicNames(config.prefix);
    const ends = await client.ends([...new Set(plan.metrics.map(({ from }) => clean(from)))]);
    const wanted = await jobsOf(context, ends);
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
      const change = await bringAbout(job, jobs, context, ends);
      if (change !== undefined) yield change;
    }
  },
};

/** The jobs that a definition wants, when its topics are there. */
async function jobsOf({ plan, config, env, tell }: DeployContext, ends: readonly PartitionEnd[]) {
  const { clean } = topicNames(config.prefix);
  const isWatched = planFor("flink", plan).anomalies.length > 0;
  const jar =
    config.flink?.functionsJar ?? (isWatched ? await flinkFunctions(env, tell) : undefined);
  return wantedJobs(
    plan,
    config,
    jar,
    (topic) => ends.filter((each) => each.topic === clean(topic)).length,
  );
}

/** Brings one job about; what it did, if anything. */
async function bringAbout(
  job: WantedJob,
  jobs: FlinkJobs,
  { fromStart, config, clock }: DeployContext,
  ends: readonly PartitionEnd[],
): Promise<Change | undefined> {
  const { name, metric } = job;
  const running = await jobs.running(name);
  if (running?.name === flinkName(job)) return undefined;
  if (running !== undefined) await jobs.stop(name, running);
  const state = fromStart ? undefined : await jobs.stateFor(job);
  const topic = topicNames(config.prefix).clean(metric.from);
  const isCut = ends.some((each) => each.topic === topic && each.start > 0);
  await jobs.start(job, state, isCut ? wholeSince(clock.nowMs()) : undefined);
  const from = state === undefined ? "from the start" : `from ${state.path}`;
  return { kind: "job", name, did: `started ${from}` };
}

/**
 * Whatever retention removed from a topic was received before now, and belongs to windows that start
 * before this (window semantics, 24).
 */
const wholeSince = (nowMs: number): number => nowMs + SLACK_MS + FUTURE_MS + 1;
