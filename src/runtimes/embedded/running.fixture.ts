import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const MILLRACE = fileURLToPath(new URL("../../../bin/millrace.js", import.meta.url));
export const SHOP = fileURLToPath(new URL("../../../examples/shop", import.meta.url));

/** A pipeline that runs in processes of its own, reached as a user reaches it. */
export interface Running {
  readonly url: string;
  readonly clickhouse: string;
  readonly data: string;
  readonly adminKey: string;
  readonly pids: { readonly main: number; readonly pipeline: number; readonly warehouse: number };
  readonly process: ChildProcess;
  /** What it has said on its standard error so far. */
  said(): string;
  /** Resolves when it has said this. */
  untilSaid(words: RegExp): Promise<void>;
  /** Ends it as SIGTERM does; gives the exit code. */
  stop(): Promise<number | null>;
}

export interface RunOptions {
  /** `["up", SHOP]` by default. */
  readonly args?: readonly string[];
  readonly data?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The environment of a pipeline that listens on free ports. */
export const freePorts = (data: string): NodeJS.ProcessEnv => ({
  ...process.env,
  MILLRACE_DATA: data,
  MILLRACE_PORT: "0",
  MILLRACE_CLICKHOUSE_PORT: "0",
});

/** A folder for one test file. */
export const temporaryFolder = (name: string): string =>
  mkdtempSync(join(tmpdir(), `millrace-${name}-`));

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true });

/** Starts a pipeline in a process group of its own; throws what it said if it doesn't start. */
export async function startRunning(options: RunOptions & { data: string }): Promise<Running> {
  const { args = ["up", SHOP], data, cwd = process.cwd(), env = {} } = options;
  const child = spawn(process.execPath, [MILLRACE, ...args, "--json"], {
    cwd,
    env: { ...freePorts(data), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const stderr = listener(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  const where = first.done === true ? {} : (JSON.parse(first.value) as object);
  if ("error" in where) throw new Error(`it didn't start: ${JSON.stringify(where)}`);
  if (first.done === true) throw new Error(`it ended before it listened:\n${stderr.said()}`);
  const started = where as Pick<Running, "url" | "clickhouse" | "data" | "pids"> & {
    readonly adminKeyFile: string;
  };
  return {
    ...started,
    ...stderr,
    adminKey: readFileSync(started.adminKeyFile, "utf8").trim(),
    process: child,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, "exit");
        child.kill("SIGTERM");
        await exited;
      }
      return child.exitCode;
    },
  };
}

function listener(child: ChildProcess): Pick<Running, "said" | "untilSaid"> {
  let text = "";
  child.stderr!.setEncoding("utf8").on("data", (more: string) => (text += more));
  return {
    said: () => text,
    untilSaid: (words) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!words.test(text)) return;
          child.stderr!.off("data", look);
          resolve();
        };
        child.stderr!.on("data", look);
        look();
      }),
  };
}

/** An answer with its JSON (undefined where it isn't JSON). */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line typescript/no-explicit-any -- what a test asserts is its type
  readonly json: any;
}

/** One request to a running pipeline. */
export async function ask(running: Running, path: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await fetch(running.url + path, init);
  const text = await answer.text();
  const isJson =
    text !== "" && answer.headers.get("content-type")?.startsWith("application/json") === true;
  const json = isJson ? (JSON.parse(text) as unknown) : undefined;
  return { status: answer.status, headers: answer.headers, text, json };
}

/** Sends events as NDJSON and gives the native answer. */
export async function send(
  running: Running,
  topic: string,
  events: readonly object[],
): Promise<Answer> {
  return ask(running, `/v1/events?topic=${topic}`, {
    method: "POST",
    headers: { authorization: "Bearer dev" },
    body: events.map((event) => JSON.stringify(event)).join("\n"),
  });
}

/** Rows of a SELECT. */
export async function sql<Row = Record<string, unknown>>(
  running: Running,
  text: string,
): Promise<readonly Row[]> {
  const { json } = await ask(running, "/v1/sql", { method: "POST", body: text });
  if (json.rows === undefined) throw new Error(JSON.stringify(json));
  return json.rows as readonly Row[];
}

/** Asks until the answer holds; the test's own time limit ends it otherwise. */
export async function until<T>(look: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A process's end: resolves when no process has this id. */
export const untilGone = (pid: number): Promise<boolean> =>
  until(
    async () => isAlive(pid),
    (alive) => !alive,
  );

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
