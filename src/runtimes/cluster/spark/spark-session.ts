import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { MillraceError } from "../../../core/errors.ts";
import { Turns } from "../../../core/turns.ts";
import { sparkProgram, type SparkConfig } from "./spark-program.ts";

export interface SparkSessionOptions {
  readonly config: SparkConfig;
  /** Settings of the session; they don't appear in the list of processes. */
  readonly settings: Readonly<Record<string, string>>;
  /** A folder for what can be made again. */
  readonly dir: string;
  /** After so long without a statement the process ends, ms; the next one starts another. */
  readonly idleMs: number;
}

interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly lines: AsyncIterator<string>;
  /** The end of what it wrote to standard error. */
  said: string;
}

const SAID_CHARS_MAX = 8_192;

/**
 * Runs SQL in a process of Spark, which takes long to start: it is started by the first statement
 * and kept. Views and settings go with it, so what belongs together must not rest in between.
 * Errors: `SQL_FAILED` with Spark's own words; `SPARK_UNAVAILABLE` where the process ended.
 */
export class SparkSession {
  readonly #options: SparkSessionOptions;
  readonly #turns = new Turns();
  #running: Running | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: SparkSessionOptions) {
    this.#options = options;
  }

  /** Runs one statement; gives its rows. Numbers beyond 2^53 aren't exact in them: cast to text. */
  run<Row = Record<string, unknown>>(sql: string): Promise<Row[]> {
    return this.#turns.run(async () => {
      clearTimeout(this.#idle);
      if (this.#isClosed) throw this.#gone("is being stopped", "");
      const running = await this.#start();
      try {
        return await ask<Row>(running, sql);
      } catch (error) {
        if (error instanceof MillraceError) throw error;
        await this.#stop();
        throw this.#gone("ended", running.said);
      } finally {
        this.#idle = setTimeout(() => void this.#stop(), this.#options.idleMs).unref();
      }
    });
  }

  /** Ends the process; a statement under way fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idle);
    await this.#stop();
  }

  async #start(): Promise<Running> {
    if (this.#running !== undefined) return this.#running;
    const { config, settings, dir } = this.#options;
    await mkdir(dir, { recursive: true });
    const running = started(config, await sparkProgram(config, dir), dir);
    this.#running = running;
    const lines = Object.entries(settings).map(([name, value]) => encoded(`${name}=${value}`));
    running.child.stdin.write(`${lines.join("\n")}\n\n`);
    try {
      await answer(running);
    } catch (error) {
      await this.#stop();
      if (error instanceof MillraceError) throw error;
      throw this.#gone("doesn't start", running.said);
    }
    return running;
  }

  async #stop(): Promise<void> {
    const { child } = this.#running ?? {};
    this.#running = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill();
    await ended;
  }

  #gone(what: string, said: string): MillraceError {
    const { home } = this.#options.config;
    const why = said.trim() === "" ? "" : `: ${said.trim().split("\n").slice(-8).join("\n")}`;
    return new MillraceError("SPARK_UNAVAILABLE", `Spark at ${home} ${what}${why}`, {
      field: "spark",
      hint: "what was under way is done again; see that it has memory, and its master answers",
    });
  }
}

function started(config: SparkConfig, program: string, dir: string): Running {
  const { home, javaHome, master } = config;
  const local = ["spark.driver.host=127.0.0.1", "spark.driver.bindAddress=127.0.0.1"];
  const settings = ["spark.log.level=ERROR", ...(master === undefined ? local : [])];
  const child = spawn(
    join(home, "bin", "spark-submit"),
    [
      ...["--master", master ?? "local[*]", "--name", "millrace", "--class", "SqlLines"],
      ...["--driver-class-path", program],
      ...settings.flatMap((each) => ["--conf", each]),
      "spark-internal", // no jar of an application
    ],
    {
      cwd: dir,
      env: { ...process.env, SPARK_HOME: home, JAVA_HOME: javaHome },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const running: Running = { child, lines, said: "" };
  const note = (text: string): void => {
    running.said = (running.said + text).slice(-SAID_CHARS_MAX);
  };
  child.stderr.on("data", (bytes: Buffer) => note(bytes.toString("utf8")));
  child.on("error", (error) => note(error.message));
  child.stdin.on("error", () => undefined); // it ended: the answer is missing, too
  return running;
}

function ask<Row>(running: Running, sql: string): Promise<Row[]> {
  running.child.stdin.write(`${encoded(sql)}\n`);
  return answer<Row>(running);
}

/** The rows up to the line that ends them. */
async function answer<Row>({ lines }: Running): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const { value: line, done = false } = await lines.next();
    if (done) throw new Error("its output ended");
    if (line === "done") return rows;
    if (line.startsWith("{")) rows.push(JSON.parse(line) as Row);
    else if (line.startsWith("failed ")) {
      const words = Buffer.from(line.slice("failed ".length), "base64").toString("utf8");
      throw new MillraceError("SQL_FAILED", `Spark: ${words}`);
    }
  }
}

const encoded = (text: string): string => Buffer.from(text, "utf8").toString("base64");
