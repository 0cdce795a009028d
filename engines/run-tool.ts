import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { MillraceError } from "../src/core/errors.ts";

export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Runs as another user. */
  readonly uid?: number;
  readonly gid?: number;
  /** Its standard input; empty if absent. */
  readonly input?: string;
  /** What to install where the program isn't there. */
  readonly install: string;
  /** Each line of its output. */
  onLine?(line: string): void;
}

const TAIL_LINES = 25;

/**
 * Runs a program to its end and gives what it printed on standard output. `ENGINE_UNAVAILABLE`
 * when it isn't installed, `ENGINE_FAILED` with its last lines when it ends with a failure.
 */
export function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<string> {
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  // A program that ended without reading all of it says so by its exit code.
  child.stdin.on("error", () => undefined).end(options.input ?? "");
  const out: string[] = [];
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      if (stream === child.stdout) out.push(line);
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      options.onLine?.(line);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => {
      const message = `${command} can't be run`;
      reject(new MillraceError("ENGINE_UNAVAILABLE", message, { hint: options.install, cause }));
    });
    child.once("close", (code) => {
      if (code === 0) return resolve(out.join("\n"));
      const what = `${command} ${args.slice(0, 2).join(" ")} ended with code ${code}`;
      reject(new MillraceError("ENGINE_FAILED", `${what}:\n${tail.join("\n")}`));
    });
  });
}
