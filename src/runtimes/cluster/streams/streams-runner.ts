import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { MillraceError } from "../../../core/errors.ts";
import type { StreamsPlan } from "../../../language/compile/kafka-streams/streams-plan.ts";
import type { JavaProgram } from "../java-programs.ts";
import { parseMetrics } from "./runner-metrics.ts";

/** What one runner process does, and with whom. */
export interface StreamsRunnerOptions {
  readonly program: JavaProgram;
  readonly plan: StreamsPlan;
  /** Begins the names of groups, internal topics and transactions: the same in every process. */
  readonly application: string;
  /** Unique among the processes of an application, the same after a restart. */
  readonly instance: string;
  readonly bootstrap: readonly string[];
  /** The root of the registry's Confluent API; a user and a password in it are sent. */
  readonly registryUrl: string;
  readonly roles: readonly ("gate" | "metrics")[];
  /** Of each role. */
  readonly threads: number;
  /** How often changed rows are put out, ms. */
  readonly emitMs: number;
  /** Kept by the runner, and used again when it is started again: state, plan, settings. */
  readonly folder: string;
  /** Further properties of Kafka's clients. */
  readonly kafka?: Readonly<Record<string, string>>;
  readonly javaFlags?: readonly string[];
  /** Each line that it prints. */
  readonly tell?: (line: string) => void;
}

const START_WITHIN_MS = 180_000;
/** The runner itself gives its transactions 20 s. */
const STOP_WITHIN_MS = 30_000;
const TAIL_LINES = 20;

/** Kafka's clients tell their whole configuration at INFO. */
const QUIET = [
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-Dorg.slf4j.simpleLogger.log.millrace=info",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
];

/** RocksDB is a native library, which a newer Java wants to be told. */
const NATIVE_SINCE = 22;

/** A process that was started. */
interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  /** The port of its metrics page, when it has begun; none: it ended before that. */
  readonly listening: Promise<number | undefined>;
  /** What it printed last. */
  readonly tail: readonly string[];
}

/** A runner of Kafka Streams topologies: a child process, which ends when this one does. */
export class StreamsRunner {
  readonly #options: StreamsRunnerOptions;
  #started: Started | undefined;
  #port: number | undefined;

  constructor(options: StreamsRunnerOptions) {
    this.#options = options;
  }

  /** Starts the process; resolves when its topologies have begun. Throws `ENGINE_FAILED`. */
  async start(): Promise<void> {
    const { program, folder, javaFlags = [] } = this.#options;
    const settings = join(folder, "settings.json");
    writeSettings(this.#options, settings);
    const native = program.version >= NATIVE_SINCE ? ["--enable-native-access=ALL-UNNAMED"] : [];
    const args = ["-Xmx512m", ...native, ...javaFlags, ...QUIET, "-jar", program.jar, settings];
    this.#port = undefined;
    const started = startProcess(program.java, args, this.#options.tell);
    this.#started = started;
    const deadline = setTimeout(() => started.child.kill("SIGKILL"), START_WITHIN_MS);
    this.#port = await started.listening;
    clearTimeout(deadline);
    if (this.#port !== undefined) return;
    const said = started.tail.join("\n");
    throw new MillraceError("ENGINE_FAILED", `Kafka Streams ended while it was starting:\n${said}`);
  }

  /** Resolves when the process that was started last has ended, by whomever. */
  get ended(): Promise<void> {
    return this.#started?.ended ?? Promise.resolve();
  }

  /** Lets it finish its transactions and leave its groups. */
  async stop(): Promise<void> {
    const started = this.#started;
    if (started === undefined) return;
    started.child.kill("SIGTERM");
    const deadline = setTimeout(() => started.child.kill("SIGKILL"), STOP_WITHIN_MS);
    await started.ended;
    clearTimeout(deadline);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.#started?.child.kill("SIGKILL");
    await this.ended;
  }

  /** The runner's counters and gauges by their name and labels; none while it doesn't answer. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    return parseMetrics((await this.#get("/metrics"))?.body ?? "");
  }

  /** Whether every role runs: nothing is being moved or restored; and what each does. */
  async state(): Promise<{ readonly isRunning: boolean; readonly text: string }> {
    const answer = await this.#get("/health");
    const text = answer?.body.trim().split("\n").join(", ").toLowerCase() ?? "not started";
    return { isRunning: answer?.ok === true, text };
  }

  async #get(path: string): Promise<{ readonly ok: boolean; readonly body: string } | undefined> {
    if (this.#port === undefined) return undefined;
    try {
      const answer = await fetch(`http://127.0.0.1:${this.#port}${path}`);
      return { ok: answer.ok, body: await answer.text() };
    } catch {
      return undefined;
    }
  }
}

/** Its input stays open: it ends when that does, which is with this process, however this ends. */
function startProcess(
  command: string,
  args: readonly string[],
  tell: (line: string) => void = () => undefined,
): Started {
  const child = spawn(command, [...args], { stdio: "pipe" });
  child.stdin.on("error", () => undefined);
  const tail: string[] = [];
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", ({ message }) => {
      tail.push(message);
      resolve();
    });
  });
  const listening = new Promise<number | undefined>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        tail.push(line);
        if (tail.length > TAIL_LINES) tail.shift();
        tell(line);
        const port = /^listening on (\d+)$/.exec(line)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    }
    void ended.then(() => resolve(undefined));
  });
  return { child, ended, listening, tail };
}

/** For its owner only: there may be passwords in it. */
function writeSettings(options: StreamsRunnerOptions, file: string): void {
  const { plan, application, instance, bootstrap, registryUrl, roles, folder } = options;
  const { threads, emitMs, kafka } = options;
  mkdirSync(folder, { recursive: true });
  const planFile = join(folder, "plan.json");
  writeFileSync(planFile, JSON.stringify(plan));
  const settings = {
    plan: planFile,
    application,
    instance,
    bootstrap: bootstrap.join(","),
    registry: registryUrl,
    state: join(folder, "state"),
    roles: roles.join(","),
    threads,
    emitMs,
    httpPort: 0,
    endsWithInput: true,
    ...(kafka !== undefined && { kafka }),
  };
  writeFileSync(file, JSON.stringify(settings, null, 2), { mode: 0o600 });
}
