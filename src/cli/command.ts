import { parseArgs } from "node:util";
import { MillraceError } from "../core/errors.ts";
import type { Io } from "./io.ts";

/** One option of a command, as `node:util` parses it, with what `--help` says about it. */
export interface CommandOption {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean;
  /** What stands for the value in the help: `--port NUMBER`. */
  readonly value?: string;
  readonly description: string;
}

/** A command line, taken apart. */
export interface CommandArguments {
  readonly positionals: readonly string[];
  /** Text of an option, its default, or `undefined`. */
  text(name: string): string | undefined;
  /** Every text of an option that may be given more than once. */
  texts(name: string): readonly string[];
  /** Whether a boolean option was given. */
  flag(name: string): boolean;
}

/**
 * A command of the CLI: one file in `commands/`, named by the command, exporting `command`.
 *
 * What a command prints for a person goes to `io.out`; notices and progress to `io.err`. A command
 * that has the option `json` prints one JSON document on `io.out` and nothing else there. It
 * reports a mistake by throwing a `MillraceError` and may return an exit code (default 0).
 */
export interface Command {
  readonly name: string;
  /** One line, lower case, no full stop: equal to the one in `commands.ts`. */
  readonly summary: string;
  /** The lines after `Usage:`, each beginning with `millrace`. */
  readonly usage: readonly string[];
  /** More for `--help`: paragraphs, examples. */
  readonly details?: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  run(args: CommandArguments, io: Io): Promise<number | void> | number | void;
}

/** A mistake in the command line itself; the process ends with exit code 2. */
export const usageError = (message: string, hint: string): MillraceError =>
  new MillraceError("ARGUMENT_INVALID", message, { hint });

/** Takes `argv` (after the command's name) apart; throws `ARGUMENT_INVALID` on what isn't known. */
export function parseCommandLine(command: Command, argv: readonly string[]): CommandArguments {
  try {
    const options = Object.fromEntries(
      Object.entries(command.options).map(([name, { type, short, multiple, default: preset }]) => [
        name,
        {
          type,
          ...(short === undefined ? {} : { short }),
          ...(multiple === undefined ? {} : { multiple }),
          ...(preset === undefined ? {} : { default: preset }),
        },
      ]),
    );
    const parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
    return commandArguments(parsed.positionals, parsed.values);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message.split(". ")[0]! : String(thrown);
    throw usageError(message, `run: millrace ${command.name} --help`);
  }
}

function commandArguments(
  positionals: readonly string[],
  values: Readonly<Record<string, unknown>>,
): CommandArguments {
  return {
    positionals,
    text: (name) => {
      const value = values[name];
      return typeof value === "string" ? value : undefined;
    },
    texts: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
    },
    flag: (name) => values[name] === true,
  };
}

/** The text of `millrace <command> --help`. */
export function helpOf(command: Command): string {
  const rows = Object.entries(command.options).map(([name, option]) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    const value = option.type === "string" ? ` ${option.value ?? "TEXT"}` : "";
    const preset = option.default === undefined ? "" : ` (default: ${option.default})`;
    return [`${short}--${name}${value}`, `${option.description}${preset}`] as const;
  });
  rows.push(["-h, --help", "show this text"]);
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  const lines = [
    `millrace ${command.name}: ${command.summary}`,
    "",
    ...command.usage.map((line, index) => `${index === 0 ? "Usage: " : "       "}${line}`),
    "",
    "Options:",
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`),
  ];
  if (command.details !== undefined) lines.push("", command.details.trim());
  return `${lines.join("\n")}\n`;
}
