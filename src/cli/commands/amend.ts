import { resolve } from "node:path";
import { askBatch } from "../../runtimes/cluster/ask-batch.ts";
import { readClusterConfig } from "../../runtimes/cluster/cluster-config.ts";
import type { Command } from "../command.ts";
import { clusterOption, dataOption, findRunning } from "../running.ts";

export const command: Command = {
  name: "amend",
  summary: "bring late, imported and released events into the numbers now",
  usage: ["millrace amend", "millrace amend --cluster FILE"],
  details:
    "Happens by itself every few minutes. Waits until the lake has everything, and prints the report.\nWith `--cluster` the role `batch` does it, with what the lake has now.",
  options: { ...clusterOption, ...dataOption },
  run: async (args, io) => {
    const cluster = args.text("cluster");
    const report =
      cluster === undefined
        ? await findRunning(args, io).request("POST", "/v1/amend", { wait: true })
        : await askBatch(readClusterConfig(resolve(io.cwd, cluster)), { work: "amend" }, io.signal);
    io.out(`${JSON.stringify(report, null, 2)}\n`);
  },
};
