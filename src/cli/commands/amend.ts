import type { Command } from "../command.ts";
import { dataOption, findRunning } from "../running.ts";

export const command: Command = {
  name: "amend",
  summary: "bring late, imported and released events into the numbers now",
  usage: ["millrace amend"],
  details:
    "Happens by itself every few minutes. Waits until the lake has everything, and prints the report.",
  options: { ...dataOption },
  run: async (args, io) => {
    const report = await findRunning(args, io).request("POST", "/v1/amend", { wait: true });
    io.out(`${JSON.stringify(report, null, 2)}\n`);
  },
};
