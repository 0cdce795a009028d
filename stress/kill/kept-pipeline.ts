import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = join(import.meta.dirname, "../..");
const WAIT_MS_MAX = 90_000;
const LINES_KEPT = 60;
const LINES_SHOWN = 8;

/** The children of the main process, and what their command lines have. */
const CHILDREN = {
  pipeline: "pipeline-main.ts",
  warehouse: "warehouse/embedded/main.ts",
} as const;

export type ProcessName = "main" | keyof typeof CHILDREN;

interface Up {
  readonly url: string;
  readonly clickhouse: string;
}

/**
 * `millrace up examples/shop` as an init system keeps it: when the main process ends it is started
 * again at once, on the same folder and ports, until it is stopped.
 */
export class KeptPipeline {
  readonly dir: string;
  readonly kills = { main: 0, pipeline: 0, warehouse: 0 };
  /** Kills by the name of the narrow point. */
  readonly crashes = new Map<string, number>();
  /** How long the starts took that got to their end, ms. */
  readonly startsMs: number[] = [];
  /** What was said last when the main process ended by itself, as when its port was still taken. */
  readonly failedStarts: string[] = [];
  #child: ChildProcess | undefined;
  #up: Up | undefined;
  #isUp = false;
  #isStopping = false;
  #startedMs = performance.now();
  readonly #pointFile: string;
  readonly #lines: string[] = [];
  readonly #watchers = new Set<(line: string) => void>();

  constructor(dir: string) {
    this.dir = dir;
    this.#pointFile = join(dir, "crash-point");
    this.arm("");
  }

  /** Sets the narrow point of the next process behind the log; "" is none. */
  arm(point: string): void {
    writeFileSync(this.#pointFile, point);
  }

  get url(): string {
    return this.#up?.url ?? "http://127.0.0.1:1";
  }

  /** What the processes said last. */
  get notices(): string {
    return this.#lines.join("\n");
  }

  start(): void {
    const port = (url: string | undefined): string => (url === undefined ? "0" : new URL(url).port);
    const child = spawn(
      process.execPath,
      [join(ROOT, "src/cli/main.ts"), "up", join(ROOT, "examples/shop"), "--json"],
      {
        cwd: ROOT,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...process.env,
          NODE_NO_WARNINGS: "1",
          MILLRACE_DATA: join(this.dir, "data"),
          MILLRACE_PORT: port(this.#up?.url),
          MILLRACE_CLICKHOUSE_PORT: port(this.#up?.clickhouse),
          MILLRACE_LAKE_ROLL_SECONDS: "1",
          MILLRACE_AMEND_SECONDS: "3",
          MILLRACE_CRASH_POINT: `@${this.#pointFile}`,
        },
      },
    );
    this.#child = child;
    this.#isUp = false;
    this.#startedMs = performance.now();
    createInterface(child.stdout).on("line", (line) => this.#said(line));
    createInterface(child.stderr).on("line", (line) => this.#said(line));
    child.once("exit", (code, signal) => {
      if (signal === null && !this.#isStopping) {
        this.#said(`(ended with ${code})`);
        this.failedStarts.push(this.#lines.slice(-LINES_SHOWN).join("\n"));
      }
      if (!this.#isStopping) setTimeout(() => this.start(), signal === null ? 200 : 0);
    });
  }

  /** Resolves when every part answers. */
  ready(): Promise<void> {
    return this.until("ready", async () => {
      if (!this.#isUp) return false;
      const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) });
      await answer.body?.cancel();
      return answer.ok;
    });
  }

  /** kill -9 of one process; false when it isn't there just now. */
  kill(name: ProcessName): boolean {
    const pid = name === "main" ? this.#child?.pid : this.#pidOf(name);
    if (pid === undefined || (name === "main" && this.#child?.signalCode !== null)) return false;
    this.#said(`(kill -9 ${name} after ${Math.round(performance.now() - this.#startedMs)} ms)`);
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      return false; // it ended meanwhile
    }
    this.kills[name]++;
    return true;
  }

  /**
   * Holds the process behind the log up, so that it outlives the main process for a while; the
   * result lets it go on.
   */
  freeze(): () => void {
    const pid = this.#pidOf("pipeline");
    const signal = (name: "SIGSTOP" | "SIGCONT"): void => {
      try {
        if (pid !== undefined) process.kill(pid, name);
      } catch {
        // it ended meanwhile
      }
    };
    this.#said("(freeze pipeline)");
    signal("SIGSTOP");
    return () => signal("SIGCONT");
  }

  /** Resolves when the process of the pipeline says that it is at a narrow point. */
  async reached(point: string, then: () => void): Promise<void> {
    const line = `crash point ${point}`;
    const before = this.crashes.get(point) ?? 0;
    const watcher = (said: string): void => {
      if (said !== line) return;
      this.#watchers.delete(watcher);
      then();
    };
    this.#watchers.add(watcher);
    await this.until(`at ${point}`, () => (this.crashes.get(point) ?? 0) > before);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }

  /** Asks again and again until something is true. */
  async until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = performance.now() + WAIT_MS_MAX;
    for (;;) {
      try {
        if (await isTrue()) return;
      } catch {
        // a process is being restarted
      }
      if (performance.now() > endMs) {
        throw new Error(`not ${what} within ${WAIT_MS_MAX} ms:\n${this.notices}`);
      }
      await sleep(100);
    }
  }

  async get(path: string): Promise<unknown> {
    return answerOf(path, await fetch(this.url + path));
  }

  async post(path: string, body: object): Promise<unknown> {
    const key = readFileSync(join(this.dir, "data/admin-key"), "utf8").trim();
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    return answerOf(path, await fetch(this.url + path, request));
  }

  async sql(sql: string): Promise<Record<string, unknown>[]> {
    const { rows } = (await this.post("/v1/sql", { sql })) as { rows: Record<string, unknown>[] };
    return rows;
  }

  #said(line: string): void {
    if (line.startsWith("{")) {
      this.#up = JSON.parse(line) as Up;
      this.#isUp = true;
      this.startsMs.push(performance.now() - this.#startedMs);
      return;
    }
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    const point = /^crash point (\S+)$/.exec(line)?.[1];
    if (point !== undefined) this.crashes.set(point, (this.crashes.get(point) ?? 0) + 1);
    for (const watcher of this.#watchers) watcher(line);
  }

  #pidOf(name: keyof typeof CHILDREN): number | undefined {
    const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
    for (const line of stdout.split("\n")) {
      const [, pid, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      if (Number(parent) === this.#child?.pid && args!.includes(CHILDREN[name])) return Number(pid);
    }
    return undefined;
  }
}

async function answerOf(path: string, answer: Response): Promise<unknown> {
  const body: unknown = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(body)}`);
  return body;
}
