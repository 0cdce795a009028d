import { resolve } from "node:path";
import { loadDefinition, definitionFile } from "../../runtimes/definition/load-definition.ts";
import { readClusterConfig } from "../../runtimes/cluster/cluster-config.ts";
import type { Change } from "../../runtimes/cluster/deploy/deploy-step.ts";
import {
  deploy,
  jobStatus,
  stopJobs,
  type DeployOptions,
} from "../../runtimes/cluster/deploy/deploy.ts";
import { usageError, type Command, type CommandArguments } from "../command.ts";
import type { Io } from "../io.ts";
import { tableText } from "../table-text.ts";

export const command: Command = {
  name: "deploy",
  summary: "bring a definition about in a cluster",
  usage: [
    "millrace deploy [FILE or FOLDER] --cluster FILE",
    "millrace deploy [FILE or FOLDER] --cluster FILE --status",
    "millrace deploy [FILE or FOLDER] --cluster FILE --stop",
  ],
  details: [
    "Makes topics, registers schemas, makes the warehouse's tables and starts the jobs of the",
    "metrics that Flink computes. What is there already is left alone; what would be refused, such",
    "as an incompatible schema, is refused before anything is changed. A job whose definition has",
    "changed is stopped with a savepoint and started again: from that if it computes the same,",
    "otherwise from the start of its topic. With --stop jobs are stopped, and the next deploy starts",
    "them again from their savepoints.",
  ].join("\n"),
  options: {
    cluster: { type: "string", value: "FILE", description: "where the engines of a cluster are" },
    status: { type: "boolean", description: "show how the jobs in Flink stand" },
    stop: { type: "boolean", description: "stop the jobs in Flink, with savepoints" },
    "from-start": { type: "boolean", description: "don't start jobs from their state" },
    json: { type: "boolean", description: "print JSON" },
  },
  run: async (args, io) => {
    const cluster = args.text("cluster");
    if (cluster === undefined) {
      throw usageError("deploy needs --cluster", "millrace deploy --cluster cluster.json");
    }
    const options: DeployOptions = {
      plan: await loadDefinition(definitionFile(resolve(io.cwd, args.positionals[0] ?? "."))),
      config: readClusterConfig(resolve(io.cwd, cluster)),
      clock: io.clock,
      env: io.env,
      tell: (text) => io.err(`  ${text}\n`),
      fromStart: args.flag("from-start"),
    };
    if (args.flag("status")) return showStatus(options, args, io);
    if (args.flag("stop")) return showChanges(stopJobs(options), "no job runs", args, io);
    return showChanges(deploy(options), "everything is as it should be", args, io);
  },
};

async function showChanges(
  changes: AsyncIterable<Change>,
  otherwise: string,
  args: CommandArguments,
  io: Io,
): Promise<void> {
  const all: Change[] = [];
  for await (const change of changes) {
    all.push(change);
    if (!args.flag("json")) io.out(`${change.kind} ${change.name}: ${change.did}\n`);
  }
  if (args.flag("json")) io.out(`${JSON.stringify({ changes: all })}\n`);
  else if (all.length === 0) io.out(`${otherwise}\n`);
}

async function showStatus(options: DeployOptions, args: CommandArguments, io: Io): Promise<void> {
  const jobs = await jobStatus(options);
  if (args.flag("json")) return io.out(`${JSON.stringify({ jobs })}\n`);
  const iso = (ms: number | undefined): string =>
    ms === undefined ? "" : new Date(ms).toISOString();
  const now = io.clock.nowMs();
  const rows = jobs.map(({ name, state, sinceMs, checkpointMs, savepoint }) => ({
    job: name,
    state,
    since: iso(sinceMs),
    checkpoint:
      checkpointMs === undefined ? "" : `${Math.round((now - checkpointMs) / 1_000)} s ago`,
    savepoint: savepoint ?? "",
  }));
  io.out(jobs.length === 0 ? "no metric of the definition is Flink's\n" : tableText(rows));
}
