import { resolve } from "node:path";
import { askBatch } from "../../runtimes/cluster/ask-batch.ts";
import { readClusterConfig } from "../../runtimes/cluster/cluster-config.ts";
import type { Command } from "../command.ts";
import { usageError } from "../command.ts";
import { clusterOption, dataOption, findRunning } from "../running.ts";

export const command: Command = {
  name: "backfill",
  summary: "compute models again for a range of days",
  usage: [
    "millrace backfill --from DAY --to DAY [NAME]",
    "millrace backfill --cluster FILE --from DAY --to DAY [NAME]",
  ],
  details:
    "Days are UTC, both inclusive. NAME: only this model or metric. It may be repeated: a day's rows\nare replaced in one step. With `--cluster` the role `batch` does it.",
  options: {
    from: { type: "string", value: "DAY", description: "first day, such as 2026-01-01" },
    to: { type: "string", value: "DAY", description: "last day" },
    ...clusterOption,
    ...dataOption,
  },
  run: async (args, io) => {
    const [fromDay, toDay] = [args.text("from"), args.text("to")];
    if (fromDay === undefined || toDay === undefined) {
      throw usageError("which days?", "--from 2026-01-01 --to 2026-01-31");
    }
    const [name] = args.positionals;
    const range = { fromDay, toDay, ...(name === undefined ? {} : { name }) };
    const cluster = args.text("cluster");
    const report =
      cluster === undefined
        ? await findRunning(args, io).request("POST", "/v1/backfill", range)
        : await askBatch(
            readClusterConfig(resolve(io.cwd, cluster)),
            { work: "backfill", ...range },
            io.signal,
          );
    io.out(`${JSON.stringify(report, null, 2)}\n`);
  },
};
