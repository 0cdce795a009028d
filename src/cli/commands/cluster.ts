import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { Cluster } from "../../../engines/cluster.ts";
import { ENGINE_NAMES, type EngineName } from "../../../engines/engine.ts";
import { usageError, type Command, type CommandArguments } from "../command.ts";
import type { Io } from "../io.ts";
import { tableText } from "../table-text.ts";

const FOLDER = "data-cluster";
const LOG_TAIL_BYTES = 8_192;

export const command: Command = {
  name: "cluster",
  summary: "fetch, start and stop the engines of a cluster on this machine",
  usage: [
    "millrace cluster up [--only kafka,registry]",
    "millrace cluster status",
    "millrace cluster logs [ENGINE]",
    "millrace cluster down [--delete-data]",
  ],
  details: [
    `The engines are ${ENGINE_NAMES.join(", ")}.`,
    "They are the real servers, without containers, on free ports of this machine only. What is",
    "fetched is kept in ~/.cache/millrace (or MILLRACE_CACHE). When all answer, their addresses",
    `are in the file cluster.json of the cluster's folder. \`down\` ends what \`up\` started and`,
    "keeps the data, ports and passwords for the next \`up\`.",
  ].join("\n"),
  options: {
    only: {
      type: "string",
      value: "ENGINES",
      description: "these and what they need; all if absent",
    },
    folder: {
      type: "string",
      value: "FOLDER",
      default: FOLDER,
      description: "the cluster's folder",
    },
    "delete-data": { type: "boolean", description: "with down: the engines' data too" },
    json: { type: "boolean", description: "print JSON" },
  },
  run: async (args, io) => {
    const [action, ...rest] = args.positionals;
    const cluster = new Cluster({
      folder: resolve(io.cwd, args.text("folder") ?? FOLDER),
      env: io.env,
      tell: (text) => io.err(`  ${text}\n`),
    });
    if (action === "logs" && rest.length <= 1) return showLogs(cluster, rest[0], io);
    const known = { up, status: showStatus, down }[action ?? ""];
    if (known === undefined || rest.length > 0) {
      throw usageError(
        `"${args.positionals.join(" ")}" isn't up, status, logs or down`,
        "run: millrace cluster --help",
      );
    }
    await known(cluster, args, io);
  },
};

async function up(cluster: Cluster, args: CommandArguments, io: Io): Promise<void> {
  const startedMs = io.clock.monotonicMs();
  const addresses = await cluster.up(enginesOf(args.text("only")));
  const seconds = ((io.clock.monotonicMs() - startedMs) / 1_000).toFixed(1);
  io.err(`  all answer (${seconds} s); their addresses are in ${cluster.addressesFile}\n`);
  io.out(`${JSON.stringify(addresses, null, args.flag("json") ? 0 : 2)}\n`);
}

async function down(cluster: Cluster, args: CommandArguments, io: Io): Promise<void> {
  const ended = await cluster.down(args.flag("delete-data") ? { losing: "disk" } : {});
  if (args.flag("json")) io.out(`${JSON.stringify({ ended })}\n`);
  else io.out(ended.length === 0 ? "nothing was running\n" : `ended ${ended.join(", ")}\n`);
}

function showStatus(cluster: Cluster, args: CommandArguments, io: Io): void {
  const parts = cluster.status();
  if (args.flag("json")) {
    io.out(`${JSON.stringify({ parts, addresses: cluster.addresses() })}\n`);
    return;
  }
  const rows = parts.map(({ name, pid, isRunning, residentBytes }) => ({
    part: name,
    state: isRunning ? "runs" : "ended",
    pid,
    MB: Math.round(residentBytes / 1e6),
  }));
  io.out(rows.length === 0 ? "nothing was started\n" : tableText(rows));
}

function showLogs(cluster: Cluster, wanted: string | undefined, io: Io): void {
  const parts = cluster.status().filter(({ name, engine }) => {
    return wanted === undefined || wanted === engine || wanted === name;
  });
  if (parts.length === 0)
    io.err(`  nothing${wanted === undefined ? "" : ` of ${wanted}`} was started\n`);
  for (const { name } of parts) {
    const file = cluster.logFile(name);
    io.out(`==> ${file}\n${existsSync(file) ? tailOf(file) : ""}`);
  }
}

/** The last bytes of a file, from a line's beginning. */
function tailOf(file: string): string {
  const handle = openSync(file, "r");
  try {
    const { size } = fstatSync(handle);
    const from = Math.max(0, size - LOG_TAIL_BYTES);
    const bytes = Buffer.alloc(size - from);
    const text = bytes.toString("utf8", 0, readSync(handle, bytes, 0, bytes.length, from));
    return from === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    closeSync(handle);
  }
}

function enginesOf(text: string | undefined): readonly EngineName[] {
  if (text === undefined) return ENGINE_NAMES;
  return text.split(",").map((name) => {
    const found = ENGINE_NAMES.find((one) => one === name.trim());
    if (found !== undefined) return found;
    throw usageError(`there is no engine "${name}"`, `one of ${ENGINE_NAMES.join(", ")}`);
  });
}
