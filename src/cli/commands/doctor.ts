import { existsSync, statfsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { openDataFolder } from "../../runtimes/embedded/data-folder.ts";
import { readSettings } from "../../runtimes/embedded/settings.ts";
import { asMillraceError } from "../../core/errors.ts";
import type { Command, CommandArguments } from "../command.ts";
import type { Io } from "../io.ts";
import { dataOption, findRunning } from "../running.ts";

/** One thing that was looked at. */
interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

const FREE_BYTES_MIN = 2 * 2 ** 30;

export const command: Command = {
  name: "doctor",
  summary: "look for what is wrong with a data folder or a setting",
  usage: ["millrace doctor"],
  options: { json: { type: "boolean", description: "print JSON" }, ...dataOption },
  run: async (args, io) => {
    const findings = await examine(args, io);
    if (args.flag("json")) io.out(`${JSON.stringify(findings, null, 2)}\n`);
    else
      for (const { what, ok, detail } of findings)
        io.out(`${ok ? "ok  " : "BAD "} ${what}: ${detail}\n`);
    return findings.every(({ ok }) => ok) ? 0 : 1;
  },
};

async function examine(args: CommandArguments, io: Io): Promise<readonly Finding[]> {
  const named = args.text("data");
  const env = named === undefined ? io.env : { ...io.env, MILLRACE_DATA: named };
  const system: Finding = {
    what: "this machine",
    ok: process.platform !== "win32",
    detail: `Node ${process.version}, ${process.platform} ${process.arch}`,
  };
  try {
    const settings = readSettings(env, io.cwd);
    const running = await examineRunning(args, io);
    const ports = running.isRunning
      ? []
      : await Promise.all([
          examinePort("MILLRACE_PORT", settings.host, settings.port),
          examinePort("MILLRACE_CLICKHOUSE_PORT", settings.host, settings.clickhousePort),
        ]);
    return [
      system,
      ...examineFolder(running.dataDir ?? settings.dataDir),
      ...running.findings,
      ...ports,
    ];
  } catch (thrown) {
    return [system, { what: "settings", ok: false, detail: asMillraceError(thrown).message }];
  }
}

function examineFolder(root: string): readonly Finding[] {
  if (!existsSync(root)) {
    return [{ what: "data folder", ok: true, detail: `${root} isn't there yet: \`up\` makes it` }];
  }
  const { bavail, bsize } = statfsSync(root);
  const freeBytes = bavail * bsize;
  const folder = openDataFolder(root);
  const keyMode = existsSync(folder.adminKeyFile)
    ? statSync(folder.adminKeyFile).mode & 0o777
    : 0o600;
  return [
    { what: "data folder", ok: true, detail: root },
    {
      what: "disk",
      ok: freeBytes > FREE_BYTES_MIN,
      detail: `${(freeBytes / 2 ** 30).toFixed(1)} GiB free${freeBytes > FREE_BYTES_MIN ? "" : ": make room, or the log will refuse events"}`,
    },
    {
      what: "admin key",
      ok: keyMode === 0o600,
      detail:
        keyMode === 0o600
          ? "readable by its owner only"
          : `mode ${keyMode.toString(8)}: chmod 600 ${folder.adminKeyFile}`,
    },
  ];
}

async function examineRunning(
  args: CommandArguments,
  io: Io,
): Promise<{ isRunning: boolean; dataDir?: string; findings: readonly Finding[] }> {
  try {
    const pipeline = findRunning(args, io);
    const ledger = (await pipeline.request("GET", "/v1/ledger")) as { balanced: boolean };
    return {
      isRunning: true,
      dataDir: pipeline.dataDir,
      findings: [
        { what: "pipeline", ok: true, detail: `answers at ${pipeline.url}` },
        {
          what: "ledger",
          ok: ledger.balanced,
          detail: ledger.balanced
            ? "balanced over the last hour"
            : "NOT balanced: see `millrace ledger`",
        },
      ],
    };
  } catch (thrown) {
    const { code, message } = asMillraceError(thrown);
    const isDown = code === "NOT_READY";
    return { isRunning: !isDown, findings: [{ what: "pipeline", ok: isDown, detail: message }] };
  }
}

function examinePort(variable: string, host: string, port: number): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () =>
      resolve({
        what: variable,
        ok: false,
        detail: `port ${port} is taken: set ${variable} to another`,
      }),
    );
    server.listen(port, host, () =>
      server.close(() => resolve({ what: variable, ok: true, detail: `port ${port} is free` })),
    );
  });
}
