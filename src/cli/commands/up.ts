import { resolve } from "node:path";
import { definitionFile } from "../../runtimes/definition/load-definition.ts";
import { readSettings } from "../../runtimes/embedded/settings.ts";
import type { Command } from "../command.ts";
import { ownCommand } from "../own-path.ts";
import { runPipeline, untilStopped } from "../run-pipeline.ts";

export const command: Command = {
  name: "up",
  summary: "run a pipeline on this machine",
  usage: ["millrace up [FILE or FOLDER]"],
  details:
    "Runs the definition (./pipeline.ts by default) with its data in MILLRACE_DATA (./data). A\ndefinition that is saved is checked and taken at once.",
  options: {
    json: { type: "boolean", description: "print one JSON line with what it listens on" },
    data: {
      type: "string",
      value: "FOLDER",
      description: "the data folder, instead of MILLRACE_DATA",
    },
  },
  run: async (args, io) => {
    const data = args.text("data");
    const env = data === undefined ? io.env : { ...io.env, MILLRACE_DATA: data };
    const runtime = await runPipeline(
      {
        definition: definitionFile(resolve(io.cwd, args.positionals[0] ?? ".")),
        settings: readSettings(env, io.cwd),
        asJson: args.flag("json"),
        queryCommand: `${ownCommand(io.cwd)} query`,
      },
      io,
    );
    await untilStopped(runtime, io);
  },
};
