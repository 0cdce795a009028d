import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/millrace.js", import.meta.url));
const SHOP = fileURLToPath(new URL("../../examples/shop/", import.meta.url));

/** The key that the benchmark's clients send. */
export const WRITE_KEY = "bench";

/** What `millrace up --json` prints. */
interface Started {
  readonly url: string;
  readonly clickhouse: string;
  readonly pids: { readonly main: number; readonly pipeline: number; readonly warehouse: number };
}

/** The embedded runtime with `examples/shop`, in processes of its own, as `millrace up` starts it. */
export interface RuntimeProcess {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly dataDir: string;
  readonly pids: Started["pids"];
  /** What it said on standard error. */
  complaints(): string;
  close(): Promise<void>;
}

/** Starts the runtime over a data folder. `settings` are further environment variables. */
export async function startRuntime(
  dataDir: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RuntimeProcess> {
  const child = spawn(process.execPath, [BIN, "up", SHOP, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      MILLRACE_DATA: dataDir,
      MILLRACE_PORT: "0",
      MILLRACE_CLICKHOUSE_PORT: "0",
      MILLRACE_WRITE_KEY: WRITE_KEY,
      ...settings,
    },
  });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said = (said + bytes.toString()).slice(-8_192)));
  const started = await firstLine(child, () => said);
  const { hostname, port } = new URL(started.url);
  return {
    host: hostname,
    port: Number(port),
    url: started.url,
    dataDir,
    pids: started.pids,
    complaints: () => said,
    close: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function firstLine(child: ChildProcess, said: () => string): Promise<Started> {
  const lines = createInterface({ input: child.stdout! });
  const ended = once(child, "exit").then(() => {
    throw new Error(`the runtime ended before it listened:\n${said()}`);
  });
  const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
  ended.catch(() => undefined);
  return JSON.parse(line) as Started;
}

/** Runs SQL as an outsider does. */
export const sqlOf =
  (runtime: RuntimeProcess) =>
  async (sql: string): Promise<readonly Record<string, unknown>[]> => {
    const answer = await fetch(`${runtime.url}/v1/sql`, { method: "POST", body: sql });
    const body = (await answer.json()) as { rows?: Record<string, unknown>[]; error?: unknown };
    if (body.rows === undefined) throw new Error(`${sql}: ${JSON.stringify(body.error)}`);
    return body.rows;
  };
