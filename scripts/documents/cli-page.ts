import { readdirSync } from "node:fs";
import { helpOf } from "../../src/cli/command.ts";
import { COMMANDS, loadCommand } from "../../src/cli/commands.ts";

const HEAD = `# Commands

In a clone the command is \`./bin/millrace.js\`, which any Node from 20 on can run: it installs what is missing and goes on under the right Node. From
elsewhere it is called by its path. \`millrace --help\` lists the commands, \`millrace COMMAND --help\` shows what stands here.

Commands about a running pipeline find it by its data folder: \`--data\`, \`MILLRACE_DATA\`, \`./data\`, or the demo's. Results go to standard output,
notices and errors to standard error. Exit codes: 0 done, 1 something to be mended by you, 2 the command line couldn't be understood, 70 a defect in
Millrace ([errors](errors.md)). Settings are in [configuration](configuration.md).

This page is written from the commands' own help by \`node scripts/write-cli.ts\`.
`;

/** The page `docs/reference/cli.md`: every command that there is, in the order of `COMMANDS`. */
export async function cliPage(): Promise<string> {
  const files = new Set(readdirSync(new URL("../../src/cli/commands/", import.meta.url)));
  const parts = [HEAD];
  for (const name of Object.keys(COMMANDS)) {
    if (!files.has(`${name}.ts`)) continue;
    const help = helpOf(await loadCommand(name));
    parts.push(`## millrace ${name}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`);
  }
  return parts.join("\n");
}
