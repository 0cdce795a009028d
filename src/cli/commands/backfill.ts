import type { Command } from "../command.ts";
import { usageError } from "../command.ts";
import { dataOption, findRunning } from "../running.ts";

export const command: Command = {
  name: "backfill",
  summary: "compute models again for a range of days",
  usage: ["millrace backfill --from DAY --to DAY [NAME]"],
  details:
    "Days are UTC, both inclusive. NAME: only this model or metric. It may be repeated: a day's rows\nare replaced in one step.",
  options: {
    from: { type: "string", value: "DAY", description: "first day, such as 2026-01-01" },
    to: { type: "string", value: "DAY", description: "last day" },
    ...dataOption,
  },
  run: async (args, io) => {
    const [fromDay, toDay] = [args.text("from"), args.text("to")];
    if (fromDay === undefined || toDay === undefined) {
      throw usageError("which days?", "--from 2026-01-01 --to 2026-01-31");
    }
    const [name] = args.positionals;
    const report = await findRunning(args, io).request("POST", "/v1/backfill", {
      fromDay,
      toDay,
      ...(name === undefined ? {} : { name }),
    });
    io.out(`${JSON.stringify(report, null, 2)}\n`);
  },
};
