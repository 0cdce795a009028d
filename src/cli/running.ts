import { existsSync, readFileSync } from "node:fs";
import { MillraceError, type ErrorBody } from "../core/errors.ts";
import { adminKeyOf, openDataFolder } from "../runtimes/embedded/data-folder.ts";
import { readSettings } from "../runtimes/embedded/settings.ts";
import type { Io } from "./io.ts";
import type { CommandArguments, CommandOption } from "./command.ts";

/** The option of commands that talk to a running pipeline. */
export const dataOption: Readonly<Record<string, CommandOption>> = {
  data: {
    type: "string",
    value: "FOLDER",
    description: "the pipeline's data folder (default: MILLRACE_DATA, ./data, or the demo's)",
  },
};

/** The option of commands that may ask a cluster's roles instead. */
export const clusterOption: Readonly<Record<string, CommandOption>> = {
  cluster: { type: "string", value: "FILE", description: "where the engines of a cluster are" },
};

/** The options of commands that may ask a cluster's role `serve` as well. */
export const askOptions: Readonly<Record<string, CommandOption>> = {
  url: {
    type: "string",
    value: "URL",
    description: "a replica of a cluster's role `serve`, or any running pipeline",
  },
  ...dataOption,
};

/** What answers questions, as other commands reach it. */
export interface AskedPipeline {
  readonly url: string;
  /** Gives the answer's JSON; what the pipeline refused is thrown as it was answered. */
  request(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown>;
}

/** A pipeline that runs on this machine. */
export interface RunningPipeline extends AskedPipeline {
  /** Its data folder, absolute. */
  readonly dataDir: string;
  /** As `request`, with bytes of any kind as the body. */
  post(path: string, body: Uint8Array<ArrayBuffer>, contentType: string): Promise<unknown>;
}

interface RunningFile {
  readonly url: string;
  readonly pid: number;
}

/** The pipeline at `--url`, or the one that runs on a data folder. */
export function findAsked(args: CommandArguments, io: Io): AskedPipeline {
  const url = args.text("url")?.replace(/\/+$/, "");
  if (url === undefined) return findRunning(args, io);
  const { adminKey = "" } = readSettings(io.env, io.cwd);
  return {
    url,
    request: (method, path, body) =>
      request(url + path, adminKey, method, body === undefined ? undefined : JSON.stringify(body)),
  };
}

/** Finds the pipeline that runs on a data folder; `NOT_READY` when none does. */
export function findRunning(args: CommandArguments, io: Io): RunningPipeline {
  const named = args.text("data");
  const settings = readSettings(
    named === undefined ? io.env : { ...io.env, MILLRACE_DATA: named },
    io.cwd,
  );
  const demo = readSettings({ ...io.env, MILLRACE_DATA: "data-demo" }, io.cwd);
  const isNamed = named !== undefined || Boolean(io.env["MILLRACE_DATA"]);
  const candidates = isNamed ? [settings.dataDir] : [settings.dataDir, demo.dataDir];
  for (const dataDir of candidates) {
    if (!existsSync(dataDir)) continue;
    const folder = openDataFolder(dataDir);
    const running = readRunning(folder.runningFile);
    if (running === undefined || !isAlive(running.pid)) continue;
    const key = adminKeyOf(folder, settings.adminKey);
    const { url } = running;
    return {
      url,
      dataDir,
      request: (method, path, body) =>
        request(url + path, key, method, body === undefined ? undefined : JSON.stringify(body)),
      post: (path, body, type) => request(url + path, key, "POST", body, type),
    };
  }
  throw new MillraceError("NOT_READY", `no pipeline runs on ${candidates.join(" or ")}`, {
    hint: "start one with `millrace up` or `millrace demo`, or name its folder with --data",
  });
}

/** What a running pipeline says of itself; `undefined` while it is just saying it. */
function readRunning(file: string): RunningFile | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as RunningFile;
  } catch {
    return undefined;
  }
}

async function request(
  url: string,
  key: string,
  method: "GET" | "POST",
  body: string | Uint8Array<ArrayBuffer> | undefined,
  contentType = "application/json",
): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": contentType },
    ...(body === undefined ? {} : { body }),
  }).catch((cause: unknown) => {
    throw new MillraceError("NOT_READY", `the pipeline at ${url} doesn't answer`, {
      hint: "see what `millrace up` printed last, or start it again",
      cause,
    });
  });
  const value: unknown = await answer.json().catch((cause: unknown) => {
    throw new MillraceError("NOT_READY", `${url} answered ${answer.status} without JSON`, {
      cause,
    });
  });
  if (answer.ok) return value;
  const { error } = value as ErrorBody;
  throw new MillraceError(error.code, error.message, {
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}
