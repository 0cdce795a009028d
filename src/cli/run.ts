import { readFileSync } from "node:fs";
import { asMillraceError } from "../core/errors.ts";
import type { MillraceError } from "../core/errors.ts";
import { helpOf, parseCommandLine, usageError } from "./command.ts";
import { COMMANDS, loadCommand } from "./commands.ts";
import { nearest } from "./did-you-mean.ts";
import type { Io } from "./io.ts";

/** Exit codes of the CLI. */
export const EXIT = { done: 0, userError: 1, usage: 2, defect: 70 } as const;

/** Runs one command line (`argv` without Node and the script) and tells the exit code. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (thrown) {
    return report(asMillraceError(thrown), argv.includes("--json"), io);
  }
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const [name = "help", ...rest] = argv;
  if (name === "--version" || name === "-v" || name === "version") {
    io.out(`${version()}\n`);
    return EXIT.done;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    io.out(rest[0] === undefined ? overview() : helpOf(await loadCommand(known(rest[0]))));
    return EXIT.done;
  }
  const command = await loadCommand(known(name));
  const end = rest.indexOf("--");
  const own = end === -1 ? rest : rest.slice(0, end);
  if (own.includes("--help") || own.includes("-h")) {
    io.out(helpOf(command));
    return EXIT.done;
  }
  return (await command.run(parseCommandLine(command, rest), io)) ?? EXIT.done;
}

/** The name itself when it is a command's; otherwise `ARGUMENT_INVALID` with the likeliest one. */
function known(name: string): string {
  if (Object.hasOwn(COMMANDS, name)) return name;
  const meant = nearest(name, Object.keys(COMMANDS));
  const what = name.startsWith("-") ? `unknown option ${name}` : `unknown command "${name}"`;
  throw usageError(what, meant ? `did you mean: millrace ${meant}` : "run: millrace --help");
}

function report(error: MillraceError, isJson: boolean, io: Io): number {
  if (isJson) io.out(`${JSON.stringify(error)}\n`);
  else {
    const where = error.field === undefined ? "" : ` (${error.field})`;
    io.err(`error ${error.code}: ${error.message}${where}\n`);
    if (error.hint !== undefined) io.err(`hint: ${error.hint}\n`);
    if (error.code === "INTERNAL") io.err(`${stackOf(error)}\n`);
  }
  if (error.code === "ARGUMENT_INVALID") return EXIT.usage;
  return error.code === "INTERNAL" ? EXIT.defect : EXIT.userError;
}

const stackOf = (error: MillraceError): string =>
  (error.cause instanceof Error ? error.cause.stack : error.stack) ?? "";

function overview(): string {
  const names = Object.keys(COMMANDS);
  const width = Math.max(...names.map((name) => name.length)) + 2;
  return [
    "Millrace: behavioural analytics from one definition in TypeScript.",
    "",
    "Usage: millrace <command> [options]",
    "",
    "Commands:",
    ...Object.entries(COMMANDS).map(([name, summary]) => `  ${name.padEnd(width)}${summary}`),
    "",
    "Options:",
    "  -v, --version  print the version",
    "  -h, --help     show this text; `millrace <command> --help` tells more",
    "",
  ].join("\n");
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version: own }: { version: string } = JSON.parse(text);
  return own;
}
