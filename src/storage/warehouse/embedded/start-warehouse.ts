import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import type { ChildConfig, ChildReport } from "./child-protocol.ts";

/** How the embedded warehouse is started. */
export interface WarehouseOptions {
  /** A folder of its own; made if absent. */
  readonly dataDir: string;
  /** The project's database; made if absent. */
  readonly database?: string;
  readonly host?: string;
  /** 0, the default: any free port, which it keeps when it is restarted. */
  readonly port?: number;
  /** Key of user `admin`, who reads behind the fence. */
  readonly adminKey: string;
  /** Key of user `pipeline`, who may do everything. */
  readonly pipelineKey: string;
  /** Further users who read behind the fence, as `admin` does. */
  readonly readers?: readonly { readonly name: string; readonly key: string }[];
  /** Bytes that the engine may use for queries, caches and merges. */
  readonly memoryBytesMax?: number;
  /** How long running queries may take to end at `stop`. */
  readonly drainMs?: number;
  /** Called when the process has ended unasked, and again when it listens anew. */
  readonly onExit?: (exit: { code: number | null; signal: string | null }) => void;
  readonly onRestart?: () => void;
}

/** A running warehouse process, restarted when it crashes. */
export interface WarehouseProcess {
  readonly url: string;
  readonly port: number;
  readonly host: string;
  readonly database: string;
  /** Undefined between the end of one process and the start of the next. */
  readonly pid: number | undefined;
  /** Restarts since the start. */
  readonly restarts: number;
  /** Resolves when the process listens (at once, unless it is being restarted). */
  ready(): Promise<void>;
  /** Lets running queries end, then ends the process. */
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const RESTART_DELAY_MS_MAX = 5_000;
const COMPLAINT_CHARACTERS_MAX = 4_000;

/**
 * Starts the process and waits until it listens. Throws `MillraceError`: `PORT_TAKEN`,
 * `STORAGE_LOCKED` (another process has the folder), `WAREHOUSE_UNAVAILABLE`.
 */
export async function startWarehouse(options: WarehouseOptions): Promise<WarehouseProcess> {
  const supervisor = new Supervisor(options);
  await supervisor.start();
  return supervisor;
}

class Supervisor implements WarehouseProcess {
  readonly host: string;
  readonly database: string;
  readonly #options: WarehouseOptions;
  #port: number;
  #child: ChildProcess | undefined;
  #listening: Promise<void> = Promise.resolve();
  #stopping = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  restarts = 0;

  constructor(options: WarehouseOptions) {
    this.#options = options;
    this.host = options.host ?? "127.0.0.1";
    this.database = options.database ?? "millrace";
    this.#port = options.port ?? 0;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    const host = this.host.includes(":") ? `[${this.host}]` : this.host;
    return `http://${host}:${this.#port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  ready(): Promise<void> {
    return this.#listening;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN], {
      stdio: ["pipe", "pipe", "pipe"],
      env: childEnvironment(),
    });
    const exit = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    this.#child = child;
    let complaint = "";
    let listens = false;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-COMPLAINT_CHARACTERS_MAX);
      if (listens) process.stderr.write(text);
    });
    child.stdin.on("error", () => {}); // it ended before it read; `exit` tells
    child.stdin.write(`${JSON.stringify(this.#config())}\n`);
    const report = await Promise.race([
      firstReport(child),
      exit.then((end): ChildReport => ({
        ready: false,
        code: "WAREHOUSE_UNAVAILABLE",
        message: `the warehouse ended before it listened (${end.signal ?? end.code})`,
      })),
    ]);
    if (!report.ready) {
      await exit;
      this.#child = undefined;
      throw errorOf(report, complaint, this.#options.dataDir);
    }
    this.#port = report.port;
    listens = true;
    if (this.#stopping) child.stdin.end(); // told to stop meanwhile
    void exit.then((end) => this.#ended(child, end));
  }

  #config(): ChildConfig {
    const { options, readers } = { options: this.#options, readers: this.#options.readers ?? [] };
    return {
      dataDir: options.dataDir,
      database: this.database,
      host: this.host,
      port: this.#port,
      memoryBytesMax: options.memoryBytesMax ?? LIMITS.warehouseMemoryBytesMax,
      drainMs: options.drainMs ?? LIMITS.warehouseDrainMsMax,
      users: [
        { name: "pipeline", key: options.pipelineKey, right: "pipeline" },
        { name: "admin", key: options.adminKey, right: "reader" },
        ...readers.map((reader) => ({ ...reader, right: "reader" as const })),
      ],
    };
  }

  #ended(child: ChildProcess, exit: { code: number | null; signal: string | null }): void {
    if (this.#child === child) this.#child = undefined;
    if (this.#stopping) return;
    this.#options.onExit?.(exit);
    this.#listening = this.#restart();
    this.#listening.catch(() => {}); // told to whoever waits for `ready`
  }

  async #restart(): Promise<void> {
    while (!this.#stopping) {
      const delayMs = Math.min(50 * 2 ** this.#failures, RESTART_DELAY_MS_MAX);
      await new Promise<void>((resolve) => {
        this.#timer = setTimeout(resolve, delayMs);
      });
      if (this.#stopping) return;
      try {
        await this.start();
        this.restarts += 1;
        this.#failures = 0;
        this.#options.onRestart?.();
        return;
      } catch {
        this.#failures += 1; // the port or the folder may be held for a moment; go on trying
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.stdin?.end();
    await exit;
  }
}

/** Each session's query takes a thread of libuv's pool; files need some too. */
function childEnvironment(): NodeJS.ProcessEnv {
  const threads =
    LIMITS.warehouseLoadersMax +
    LIMITS.warehouseServersMax +
    LIMITS.warehouseReadersMax +
    LIMITS.warehouseGivenUpMax +
    5;
  return { ...process.env, UV_THREADPOOL_SIZE: String(threads) };
}

async function firstReport(child: ChildProcess): Promise<ChildReport> {
  if (child.stdout === null) throw new Error("the child has no standard output");
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve) => {
    lines.on("line", (line) => {
      if (line.startsWith('{"ready":')) resolve(JSON.parse(line) as ChildReport);
    });
  });
}

/** The engine says on standard error why it can't open its folder, and nowhere else. */
function errorOf(
  report: Extract<ChildReport, { ready: false }>,
  complaint: string,
  dataDir: string,
): MillraceError {
  if (/Cannot lock file/.test(complaint)) {
    return new MillraceError("STORAGE_LOCKED", `another process uses the warehouse in ${dataDir}`, {
      hint: "stop the Millrace that runs on this data folder, or choose another folder",
    });
  }
  const said = complaint.trim() === "" ? "" : `: ${complaint.trim()}`;
  return new MillraceError(report.code, `${report.message}${said}`, {
    ...(report.hint === undefined ? {} : { hint: report.hint }),
    ...(report.field === undefined ? {} : { field: report.field }),
  });
}
