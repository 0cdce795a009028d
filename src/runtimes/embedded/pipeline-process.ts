import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { MillraceError } from "../../core/errors.ts";
import type { MainCalls, PipelineCalls, PipelineConfig } from "./pipeline-calls.ts";
import { connect, type Remote } from "./rpc.ts";
import { INLINE_MORE } from "./v8-flags.ts";

export interface PipelineProcessOptions {
  readonly config: () => PipelineConfig;
  readonly calls: MainCalls;
  readonly onExit: (how: { readonly code: number | null; readonly signal: string | null }) => void;
}

/** The pipeline's process, restarted when it dies. */
export interface PipelineProcess {
  /** Fails with `NOT_READY` while it restarts. */
  readonly calls: Remote<PipelineCalls>;
  readonly pid: number | undefined;
  readonly restarts: number;
  isReady(): boolean;
  /** Ends it and starts it anew, as with a changed definition. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL("./pipeline-main.ts", import.meta.url));
/**
 * Rows and keys of a batch die young: room for them spares the collector half of its work. Rows
 * outside the heap, given back as soon as they are read, mustn't make it mark the heap by themselves.
 */
const FLAGS = [
  "--max-semi-space-size=48",
  "--external-memory-accounted-in-global-limit",
  ...INLINE_MORE,
];
const RESTART_DELAY_MS_MAX = 5_000;
const STOP_DURATION_MS_MAX = 20_000;

/** Starts the process; resolves when it works. */
export async function startPipelineProcess(
  options: PipelineProcessOptions,
): Promise<PipelineProcess> {
  const supervisor = new Supervisor(options);
  await supervisor.spawn();
  return supervisor;
}

class Supervisor implements PipelineProcess {
  readonly #options: PipelineProcessOptions;
  #child: ChildProcess | undefined;
  #remote: Remote<PipelineCalls> | undefined;
  #ready = false;
  #stopping = false;
  #failures = 0;
  restarts = 0;

  constructor(options: PipelineProcessOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get calls(): Remote<PipelineCalls> {
    if (this.#remote !== undefined && this.#ready) return this.#remote;
    throw new MillraceError("NOT_READY", "the pipeline is starting", {
      hint: "try again in a moment; /readyz tells when",
    });
  }

  isReady(): boolean {
    return this.#ready;
  }

  async spawn(): Promise<void> {
    const child = fork(MAIN, [], {
      execArgv: [...process.execArgv, ...FLAGS],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      serialization: "advanced",
    });
    this.#child = child;
    const remote = connect<PipelineCalls>(
      {
        send: (message) => void child.send(message as never, () => undefined),
        onMessage: (receive) => child.on("message", receive),
        onClose: (closed) => child.on("disconnect", closed),
      },
      this.#options.calls,
    );
    child.once("exit", (code, signal) => this.#exited(child, code, signal));
    await remote.start(this.#options.config());
    this.#remote = remote;
    this.#ready = true;
    this.#failures = 0;
  }

  #exited(child: ChildProcess, code: number | null, signal: string | null): void {
    if (child !== this.#child) return;
    this.#ready = false;
    if (this.#stopping) return;
    this.#options.onExit({ code, signal });
    const delayMs = Math.min(50 * 2 ** this.#failures++, RESTART_DELAY_MS_MAX);
    setTimeout(() => {
      if (this.#stopping || child !== this.#child) return;
      this.restarts += 1;
      // A start that fails ends its process, which brings us here again.
      this.spawn().catch(() => this.#child?.kill("SIGKILL"));
    }, delayMs);
  }

  async restart(): Promise<void> {
    await this.#end();
    await this.spawn();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#end();
  }

  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    const remote = this.#remote;
    this.#remote = undefined;
    this.#ready = false;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_DURATION_MS_MAX);
    await remote?.stop(undefined).catch(() => undefined);
    if (child.connected) child.disconnect();
    await ended;
    clearTimeout(timer);
  }
}
