import { resolve } from "node:path";
import { definitionFile } from "../../runtimes/definition/load-definition.ts";
import { readSettings } from "../../runtimes/embedded/settings.ts";
import { MillraceError } from "../../core/errors.ts";
import type { Command } from "../command.ts";
import { ownCommand } from "../own-path.ts";
import { runPipeline, untilStopped } from "../run-pipeline.ts";
import { runRole } from "../run-role.ts";

export const command: Command = {
  name: "up",
  summary: "run a pipeline on this machine",
  usage: [
    "millrace up [FILE or FOLDER]",
    "millrace up [FILE or FOLDER] --cluster FILE --role ROLE",
  ],
  details: [
    "Runs the definition (./pipeline.ts by default) with its data in MILLRACE_DATA (./data). A",
    "definition that is saved is checked and taken at once.",
    "",
    "With `--cluster` it runs one replica of a role (collect, source, stream, load, lake, batch, serve) on the engines that the file names;",
    "`millrace cluster up` starts such engines for development. Any number of replicas may run.",
  ].join("\n"),
  options: {
    json: { type: "boolean", description: "print one JSON line with what it listens on" },
    data: {
      type: "string",
      value: "FOLDER",
      description: "the data folder, instead of MILLRACE_DATA",
    },
    cluster: { type: "string", value: "FILE", description: "where the engines of a cluster are" },
    role: { type: "string", value: "ROLE", description: "which role to run in it" },
  },
  run: async (args, io) => {
    const data = args.text("data");
    const env = data === undefined ? io.env : { ...io.env, MILLRACE_DATA: data };
    const [cluster, role] = [args.text("cluster"), args.text("role")];
    if (cluster !== undefined && role !== undefined) {
      const definition = definitionFile(resolve(io.cwd, args.positionals[0] ?? "."));
      const config = resolve(io.cwd, cluster);
      return runRole({ definition, config, role, env, asJson: args.flag("json") }, io);
    }
    if (cluster !== undefined || role !== undefined) {
      throw new MillraceError("ARGUMENT_INVALID", "--cluster and --role go together", {
        field: cluster === undefined ? "--cluster" : "--role",
        hint: "millrace up --cluster cluster.json --role collect",
      });
    }
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
