import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { manualClock } from "../core/clock.ts";
import { MillraceError } from "../core/errors.ts";
import { helpOf, parseCommandLine } from "./command.ts";
import type { Command } from "./command.ts";
import { COMMANDS, loadCommand } from "./commands.ts";
import type { Io } from "./io.ts";
import { runCli } from "./run.ts";

function recordingIo(): Io & { readonly printed: { out: string; err: string } } {
  const printed = { out: "", err: "" };
  return {
    printed,
    out: (text) => void (printed.out += text),
    err: (text) => void (printed.err += text),
    env: {},
    cwd: "/",
    isTerminal: false,
    clock: manualClock(),
    signal: new AbortController().signal,
  };
}

const example: Command = {
  name: "example",
  summary: "stand in for a command",
  usage: ["millrace example FILE [options]"],
  options: {
    json: { type: "boolean", description: "print JSON" },
    day: { type: "string", multiple: true, value: "DATE", description: "a day" },
  },
  run: () => {},
};

test("--version prints the package's version, --help every command", async () => {
  const io = recordingIo();
  assert.equal(await runCli(["--version"], io), 0);
  assert.match(io.printed.out, /^\d+\.\d+\.\d+\n$/);
  assert.equal(await runCli([], io), 0);
  for (const name of Object.keys(COMMANDS)) assert.ok(io.printed.out.includes(`  ${name} `));
});

test("an unknown command is a usage error that names the likeliest", async () => {
  const io = recordingIo();
  assert.equal(await runCli(["qurey"], io), 2);
  assert.match(
    io.printed.err,
    /^error ARGUMENT_INVALID: unknown command "qurey"\nhint: .*query\n$/,
  );
});

test("with --json an error is one line of JSON", async () => {
  const io = recordingIo();
  assert.equal(await runCli(["nonsense", "--json"], io), 2);
  assert.equal(JSON.parse(io.printed.out).error.code, "ARGUMENT_INVALID");
});

test("options are typed, repeated ones kept in order, unknown ones refused", () => {
  const args = parseCommandLine(example, ["a.csv", "--day", "1", "--day=2", "--json"]);
  assert.deepEqual(args.positionals, ["a.csv"]);
  assert.deepEqual(args.texts("day"), ["1", "2"]);
  assert.equal(args.flag("json"), true);
  assert.throws(
    () => parseCommandLine(example, ["--nope"]),
    (error) => error instanceof MillraceError && error.code === "ARGUMENT_INVALID",
  );
});

test("the help of a command shows its usage and every option", () => {
  const help = helpOf(example);
  assert.match(help, /Usage: millrace example FILE/);
  assert.match(help, /--day DATE +a day/);
});

test("each command's file agrees with the table", async () => {
  const names = readdirSync(new URL("./commands/", import.meta.url))
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => name.slice(0, -".ts".length));
  for (const name of names) {
    const command = await loadCommand(name);
    assert.equal(command.name, name);
    assert.equal(command.summary, COMMANDS[name]);
  }
  assert.deepEqual(names.toSorted(), Object.keys(COMMANDS).toSorted());
});
