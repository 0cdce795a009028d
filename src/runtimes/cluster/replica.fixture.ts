import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { MILLRACE, SHOP } from "../embedded/running.fixture.ts";

/** A replica of a role in a process of its own. */
export interface Replica {
  readonly url: string;
  readonly pid: number;
  /** Ends it as SIGTERM does. */
  stop(): Promise<void>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

/** Starts a replica; throws what it said if it doesn't start. */
export async function startReplica(options: {
  /** The cluster's file. */
  readonly config: string;
  readonly role: string;
  readonly data: string;
  /** The shop's where none is named. */
  readonly definition?: string;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Replica> {
  const { config, role, data, definition = SHOP, env = {} } = options;
  const child = spawn(
    process.execPath,
    [MILLRACE, "up", definition, "--cluster", config, "--role", role, "--json"],
    {
      env: {
        ...process.env,
        MILLRACE_DATA: data,
        MILLRACE_PORT: "0",
        MILLRACE_LAKE_ROLL_SECONDS: "2",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said = (said + bytes.toString()).slice(-8_192)));
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit");
  const line = await Promise.race([
    once(lines, "line").then(([text]) => text as string),
    ended.then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`the ${role} replica ended: ${said}`);
  const { url, pid } = JSON.parse(line) as { readonly url: string; readonly pid: number };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      process.kill(pid, signal);
      await ended;
    }
  };
  return { url, pid, stop: () => end("SIGTERM"), kill: () => end("SIGKILL") };
}
