import type { Command } from "../command.ts";
import { usageError } from "../command.ts";
import { askOptions, findAsked } from "../running.ts";

export const command: Command = {
  name: "trace",
  summary: "tell where one event is, and why",
  usage: ["millrace trace EVENT_ID"],
  options: { ...askOptions },
  run: async (args, io) => {
    const [id] = args.positionals;
    if (id === undefined) throw usageError("which event?", "give its event_id");
    const answer = await findAsked(args, io).request("GET", `/v1/trace/${encodeURIComponent(id)}`);
    io.out(`${JSON.stringify(answer, null, 2)}\n`);
  },
};
