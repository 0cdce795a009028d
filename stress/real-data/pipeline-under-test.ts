import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "src/cli/main.ts");
const WAIT_MS_MAX = 120_000;

/** What `millrace import --json` prints, as far as tests look at it. */
export interface Summary {
  readonly rows: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly refused: number;
  readonly skipped: number;
  readonly done_before: number;
  readonly problems: readonly { readonly reason: string; readonly n: number }[];
}

interface Up {
  readonly url: string;
  readonly pids: { readonly main: number; readonly pipeline: number; readonly warehouse: number };
}

/** A real pipeline on an example, in processes of its own, with a data folder of its own. */
export class PipelineUnderTest {
  readonly #definition: string;
  readonly #dir: string;
  #child: ChildProcess | undefined;
  #up: Up | undefined;
  #notices = "";
  isStopped = false;

  private constructor(definition: string, dir: string) {
    this.#definition = definition;
    this.#dir = dir;
  }

  static async start(definition: string): Promise<PipelineUnderTest> {
    const dir = await mkdtemp(join(tmpdir(), "millrace-real-"));
    const pipeline = new PipelineUnderTest(join(ROOT, definition), dir);
    await pipeline.start();
    return pipeline;
  }

  /** Starts the processes, again after a kill. */
  async start(): Promise<void> {
    const child = this.#cli("up", this.#definition, "--json");
    this.#child = child;
    child.stderr!.on("data", (text: Buffer) => (this.#notices += String(text)));
    const line = once(createInterface(child.stdout!), "line") as Promise<[string]>;
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the pipeline ended with ${code} before it was up:\n${this.#notices}`);
    });
    ended.catch(() => undefined);
    const [text] = await Promise.race([line, ended]);
    this.#up = JSON.parse(text) as Up;
  }

  get url(): string {
    return this.#up!.url;
  }

  /** kill -9 of the main process; resolves when all three are gone. */
  async kill(): Promise<void> {
    const { pids } = this.#up!;
    process.kill(pids.main, "SIGKILL");
    for (const pid of Object.values(pids)) await until(() => !isAlive(pid));
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** Starts `millrace import`. */
  import(...args: string[]): ImportRun {
    return new ImportRun(this.#cli("import", ...args, "--json"));
  }

  /** Rows by SQL, as a reader of the warehouse gets them. */
  async sql(sql: string): Promise<Record<string, unknown>[]> {
    const answer = (await this.#post("/v1/sql", { sql })) as { rows: Record<string, unknown>[] };
    return answer.rows;
  }

  async get(path: string): Promise<unknown> {
    const answer = await fetch(this.url + path);
    return answer.json();
  }

  /** Sends events as a client does; gives how many were accepted. */
  async send(topic: string, events: readonly object[]): Promise<number> {
    const answer = await fetch(`${this.url}/v1/events?topic=${topic}`, {
      method: "POST",
      headers: { authorization: "Bearer dev", "content-type": "application/json" },
      body: JSON.stringify(events),
    });
    const { accepted } = (await answer.json()) as { accepted?: number };
    return accepted ?? 0;
  }

  async #post(path: string, body: object): Promise<unknown> {
    const key = (await readFile(join(this.#dir, "data/admin-key"), "utf8")).trim();
    const answer = await fetch(this.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const value: unknown = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(value)}`);
    return value;
  }

  #cli(...args: string[]): ChildProcess {
    return spawn(
      process.execPath,
      [
        "--disable-warning=ExperimentalWarning",
        "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
        MAIN,
        ...args,
      ],
      {
        cwd: ROOT,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...process.env,
          MILLRACE_DATA: join(this.#dir, "data"),
          MILLRACE_PORT: "0",
          MILLRACE_CLICKHOUSE_PORT: "0",
          MILLRACE_MQTT_PORT: "0",
          MILLRACE_LAKE_ROLL_SECONDS: "2",
        },
      },
    );
  }
}

/** One `millrace import`. */
export class ImportRun {
  readonly #child: ChildProcess;
  readonly #output: Promise<{ readonly out: string; readonly err: string }>;
  readonly #ended: Promise<unknown[]>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "exit");
    this.#output = Promise.all([textOf(child.stdout!), textOf(child.stderr!)]).then(
      ([out, err]) => ({ out, err }),
    );
  }

  /** Its summary; throws what it said when it fails. */
  async summary(): Promise<Summary> {
    const [code] = await this.#ended;
    const { out, err } = await this.#output;
    if (code !== 0) throw new Error(`import ended with ${String(code)}: ${out}${err}`);
    return JSON.parse(out) as Summary;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** Resolves when something has come true; asks again and again. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`never came true: ${isTrue.toString()}`);
    await sleep(50);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Sends small batches of events of now until it is stopped; counts what was accepted. */
export class LiveTraffic {
  accepted = 0;
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(pipeline: PipelineUnderTest, topic: string, event: (n: number) => object) {
    this.#done = this.#run(pipeline, topic, event);
  }

  async stop(): Promise<number> {
    this.#isStopped = true;
    await this.#done;
    return this.accepted;
  }

  async #run(
    pipeline: PipelineUnderTest,
    topic: string,
    event: (n: number) => object,
  ): Promise<void> {
    for (let n = 0; !this.#isStopped && !pipeline.isStopped; n += 5) {
      const events = [0, 1, 2, 3, 4].map((index) => event(n + index));
      for (let sent = false; !sent && !this.#isStopped && !pipeline.isStopped;) {
        try {
          this.accepted += await pipeline.send(topic, events);
          sent = true;
        } catch {
          await sleep(100); // the pipeline is being killed: the same events again
        }
      }
      await sleep(20);
    }
  }
}
