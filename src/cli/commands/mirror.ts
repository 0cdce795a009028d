import { resolve } from "node:path";
import { readClusterConfig } from "../../runtimes/cluster/cluster-config.ts";
import { openCluster } from "../../runtimes/cluster/cluster-parts.ts";
import { mirrorToCluster } from "../../runtimes/cluster/mirror/mirror-to-cluster.ts";
import { mirrorToEmbedded } from "../../runtimes/cluster/mirror/mirror-to-embedded.ts";
import { definitionFile, loadDefinition } from "../../runtimes/definition/load-definition.ts";
import { openDataFolder } from "../../runtimes/embedded/data-folder.ts";
import { readSettings } from "../../runtimes/embedded/settings.ts";
import { usageError, type Command } from "../command.ts";

export const command: Command = {
  name: "mirror",
  summary: "bring a pipeline's events to a cluster as they come",
  usage: [
    "millrace mirror [FILE or FOLDER] --cluster FILE",
    "millrace mirror [FILE or FOLDER] --cluster FILE --finish",
    "millrace mirror [FILE or FOLDER] --cluster FILE --back [--finish]",
  ],
  details: [
    "Reads the log and the lake of the pipeline in MILLRACE_DATA, or --data, which may run meanwhile,",
    "and sends its events to the cluster's raw topics with the time at which they were received.",
    "First those that there are, then those that come, until it is stopped; the next start goes on",
    "from there. It must be started before any collector of the cluster; those wait while the mirror is behind.",
    "With --finish it ends once the pipeline has been stopped and nothing of it is left.",
    "",
    "With --back it goes the other way: it fills the log of a pipeline that doesn't run, by the cluster's",
    "clean topics, and with --finish it ends once no collector sends any more and nothing is left.",
  ].join("\n"),
  options: {
    cluster: { type: "string", value: "FILE", description: "where the engines of a cluster are" },
    data: {
      type: "string",
      value: "FOLDER",
      description: "the pipeline's data folder, instead of MILLRACE_DATA",
    },
    back: { type: "boolean", description: "from the cluster to a pipeline that doesn't run" },
    finish: { type: "boolean", description: "end when what is mirrored has been stopped" },
    json: { type: "boolean", description: "print JSON at the end" },
  },
  run: async (args, io) => {
    const cluster = args.text("cluster");
    if (cluster === undefined) {
      throw usageError("mirror needs --cluster", "millrace mirror --cluster cluster.json");
    }
    const data = args.text("data");
    const env = data === undefined ? io.env : { ...io.env, MILLRACE_DATA: data };
    const plan = await loadDefinition(definitionFile(resolve(io.cwd, args.positionals[0] ?? ".")));
    const config = readClusterConfig(resolve(io.cwd, cluster));
    const settings = readSettings(env, io.cwd);
    const parts = await openCluster(plan, config, "millrace-mirror");
    const asJson = args.flag("json");
    try {
      const options = {
        parts,
        folder: openDataFolder(settings.dataDir),
        clock: io.clock,
        untilStopped: args.flag("finish"),
        signal: io.signal,
        tell: (text: string) => (asJson ? io.err(`  ${text}\n`) : io.out(`${text}\n`)),
        onProblem: (text: string) => io.err(`  ${text}\n`),
      };
      const report = args.flag("back")
        ? await mirrorToEmbedded({ ...options, partitions: settings.partitions })
        : await mirrorToCluster(options);
      if (asJson) io.out(`${JSON.stringify(report)}\n`);
    } finally {
      await parts.close();
    }
  },
};
