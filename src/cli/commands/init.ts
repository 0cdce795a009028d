import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { MillraceError } from "../../core/errors.ts";
import { usageError, type Command } from "../command.ts";
import { ownCommand } from "../own-path.ts";
import { projectFiles } from "../project-template.ts";

export const command: Command = {
  name: "init",
  summary: "make a new project with a pipeline, a test and a README",
  usage: ["millrace init FOLDER"],
  details:
    "Makes the folder with a small pipeline for a web site that runs as it is. Nothing that is\nthere is overwritten.",
  options: {},
  run: (args, io) => {
    const [name] = args.positionals;
    if (name === undefined) throw usageError("which folder?", "millrace init my-pipeline");
    const folder = resolve(io.cwd, name);
    refuseExisting(folder);
    mkdirSync(folder, { recursive: true });
    // Paths to this installation are relative: they must not begin at a symbolic link.
    const real = realpathSync(folder);
    for (const { path, text } of projectFiles(basename(real), real)) {
      mkdirSync(dirname(join(real, path)), { recursive: true });
      writeFileSync(join(real, path), text, { flag: "wx" });
      io.out(`  made ${join(relative(io.cwd, folder) || ".", path)}\n`);
    }
    io.out(nextSteps(relative(io.cwd, folder), ownCommand(real)));
  },
};

function refuseExisting(folder: string): void {
  if (!existsSync(folder)) return;
  const [first] = readdirSync(folder).filter((name) => name !== ".git");
  if (first === undefined) return;
  throw new MillraceError("CONFIG_INVALID", `${folder} isn't empty: it has ${first}`, {
    field: "FOLDER",
    hint: "name a folder that doesn't exist yet",
  });
}

const nextSteps = (folder: string, millrace: string): string => `
Next:
${folder === "" ? "" : `  cd ${folder}\n`}  ${millrace} test    # its test passes
  ${millrace} up      # runs it; open http://127.0.0.1:8080

Then change pipeline.ts: what you save takes effect at once. README.md there says more.
`;
