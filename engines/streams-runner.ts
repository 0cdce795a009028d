import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MillraceError } from "../src/core/errors.ts";
import type { StreamsPlan } from "../src/language/compile/kafka-streams/streams-plan.ts";
import type { Part } from "./engine.ts";
import { builtModule } from "./java-module.ts";
import { findJdk, type Jdk } from "./jdk.ts";
import { isRunning, type ProcessIdentity } from "./process-identity.ts";
import { endProcess, startPart, untilReady } from "./started-process.ts";

const JAR = "streams-runner.jar";
const MODULE = { name: "streams-runner", folder: "java", made: [JAR, "lib"] };
const JAVA_LEAST = 17;

type Environment = Readonly<Record<string, string | undefined>>;

/** The runner's jar, its libraries beside it. Throws `ENGINE_UNAVAILABLE` without Maven. */
export const streamsJar = async (env: Environment, tell: (text: string) => void): Promise<string> =>
  join(await builtModule(MODULE, env, tell), JAR);

/** What one runner process does, and with whom; the rest is the runner's own settings. */
export interface StreamsRunnerOptions {
  readonly plan: StreamsPlan;
  /** Begins the names of groups, internal topics and transactions. */
  readonly application: string;
  readonly bootstrap: readonly string[];
  /** The root of the registry's Confluent API. */
  readonly registryUrl: string;
  readonly roles: readonly ("gate" | "metrics")[];
  /** Of each role. */
  readonly threads: number;
  /** How often changed rows are put out, ms. */
  readonly emitMs: number;
  /** Of 127.0.0.1, for `/metrics` and `/health`. */
  readonly httpPort: number;
  /** Kept by the runner, and used again when it is started again: state, plan, log. */
  readonly folder: string;
  /** Further properties of Kafka's clients. */
  readonly kafka?: Readonly<Record<string, string>>;
  readonly javaFlags?: readonly string[];
}

/** A runner of Kafka Streams topologies: a process of its own. */
export class StreamsRunner {
  readonly #options: StreamsRunnerOptions;
  readonly #logFile: string;
  readonly #part: Part;
  #process: ProcessIdentity | undefined;

  private constructor(options: StreamsRunnerOptions, jdk: Jdk, jar: string) {
    const settings = join(options.folder, "settings.json");
    this.#options = options;
    this.#logFile = join(options.folder, "runner.log");
    this.#part = {
      name: "streams-runner",
      command: jdk.java,
      args: [
        "-Xmx512m",
        ...(jdk.version >= NATIVE_SINCE ? ["--enable-native-access=ALL-UNNAMED"] : []),
        ...(options.javaFlags ?? []),
        ...QUIET,
        "-jar",
        jar,
        settings,
      ],
      prepare: () => writeSettings(options, settings),
      ready: async () => (await this.#get("/metrics")) !== undefined,
    };
  }

  /** Builds it where it isn't built. Throws `ENGINE_UNAVAILABLE` without Java or Maven. */
  static async make(
    options: StreamsRunnerOptions,
    env: Environment,
    tell: (text: string) => void,
  ): Promise<StreamsRunner> {
    const jdk = await findJdk(env, JAVA_LEAST);
    return new StreamsRunner(options, jdk, await streamsJar(env, tell));
  }

  /** Starts the process; resolves when its topologies have begun. */
  async start(): Promise<void> {
    this.#process = await startPart(this.#part, this.#logFile);
    await untilReady(this.#part, this.#process, this.#logFile);
  }

  /** Lets it finish its transactions and leave its groups. */
  async stop(): Promise<void> {
    if (this.#process !== undefined) await endProcess(this.#process);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    if (this.#process !== undefined) await endProcess(this.#process, "SIGKILL");
  }

  /** The same without waiting, for an exit handler. */
  killNow(): void {
    const started = this.#process;
    if (started !== undefined && isRunning(started)) process.kill(started.pid, "SIGKILL");
  }

  /** The runner's counters and gauges by their name and labels. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await this.#get("/metrics");
    if (text === undefined) {
      throw new MillraceError("ENGINE_FAILED", "the streams runner doesn't answer", {
        hint: `see ${this.#logFile}`,
      });
    }
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
    );
  }

  /** Whether every role runs: nothing is being moved or restored. */
  async isRunning(): Promise<boolean> {
    return (await this.#get("/health")) !== undefined;
  }

  /** The body of a 200. */
  async #get(path: string): Promise<string | undefined> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.#options.httpPort}${path}`);
      const text = await answer.text();
      return answer.ok ? text : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Kafka's clients tell their whole configuration at INFO. */
const QUIET = [
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-Dorg.slf4j.simpleLogger.log.millrace=info",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
];

/** RocksDB is a native library, which a newer Java wants to be told. */
const NATIVE_SINCE = 22;

function writeSettings(options: StreamsRunnerOptions, file: string): void {
  const { plan, bootstrap, registryUrl, roles, folder, javaFlags: _, ...rest } = options;
  mkdirSync(folder, { recursive: true });
  const planFile = join(folder, "plan.json");
  writeFileSync(planFile, JSON.stringify(plan));
  const settings = {
    ...rest,
    plan: planFile,
    instance: "1",
    bootstrap: bootstrap.join(","),
    registry: registryUrl,
    roles: roles.join(","),
    state: join(folder, "state"),
  };
  writeFileSync(file, JSON.stringify(settings, null, 2));
}
