import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../../../core/clock.ts";
import { MillraceError } from "../../../core/errors.ts";
import type { KafkaClient } from "../../../storage/log/kafka/kafka-client.ts";
import { topicNames } from "../../../storage/log/kafka/topic-names.ts";
import { flinkOf, type ClusterConfig, type FlinkConfig } from "../cluster-config.ts";
import { flinkCall } from "./flink-call.ts";
import { isOver, JobManager, type FlinkJob, type FlinkState } from "./job-manager.ts";
import { JobRecords } from "./job-records.ts";
import { FlinkSession } from "./sql-gateway.ts";
import { flinkName, type WantedJob } from "./wanted-jobs.ts";

/** How a job stands. */
export interface JobStatus {
  readonly name: string;
  /** Flink's word in lower case, or `stopped`, or `not running` without a savepoint. */
  readonly state: string;
  /** When it was started, ms. */
  readonly sinceMs?: number;
  /** When its newest checkpoint was complete, ms. */
  readonly checkpointMs?: number;
  /** What it was stopped with. */
  readonly savepoint?: string;
}

/** How long a job that was started may take until all of its tasks run. */
const RUN_WITHIN_MS = 180_000;
const ASK_EVERY_MS = 250;

/** The jobs of one definition in Flink: what runs, and what was deployed. */
export class FlinkJobs {
  readonly #config: FlinkConfig;
  readonly #manager: JobManager;
  readonly #records: JobRecords;
  readonly #clock: Clock;

  private constructor(config: FlinkConfig, records: JobRecords, clock: Clock) {
    this.#config = config;
    this.#manager = new JobManager(config.restUrl);
    this.#records = records;
    this.#clock = clock;
  }

  static async open(config: ClusterConfig, client: KafkaClient, clock: Clock): Promise<FlinkJobs> {
    const records = await JobRecords.read(client, topicNames(config.prefix).jobs);
    return new FlinkJobs(flinkOf(config), records, clock);
  }

  /** Throws `FLINK_UNAVAILABLE` unless both of its parts answer. */
  async check(): Promise<void> {
    await this.#manager.jobs();
    await flinkCall("GET", `${this.#config.gatewayUrl}/v4/info`);
  }

  /** Names of the jobs that were ever deployed. */
  names(): readonly string[] {
    return this.#records.names();
  }

  /** The job of a name that runs, or will again. */
  async running(name: string): Promise<FlinkJob | undefined> {
    return (await this.#manager.jobs()).find((job) => isNamed(job, name) && !isOver(job));
  }

  /** What a wanted job can go on from: the newest state of the same meaning. */
  async stateFor({ name, meaning }: WantedJob): Promise<FlinkState | undefined> {
    const record = this.#records.of(name);
    if (record?.meaning !== meaning) return undefined;
    // Also one that somebody else ended, or that ended while its savepoint was being noted.
    const ended = (await this.#manager.jobs()).filter((job) => job.name === flinkName(record));
    const states = await Promise.all(ended.map(({ id }) => this.#manager.newestState(id)));
    return [record.savepoint, ...states]
      .flatMap((state) => state ?? [])
      .toSorted((a, b) => b.atMs - a.atMs)[0];
  }

  /**
   * Starts a job from a state, or else anew, from the first record of its topic; then windows that
   * start before `sinceMs` are left out. Resolves when all of its tasks run. Throws `DEPLOY_FAILED`.
   */
  async start(job: WantedJob, from: FlinkState | undefined, sinceMs?: number): Promise<void> {
    const { name, hash, meaning } = job;
    const since = from === undefined ? sinceMs : this.#records.of(name)?.sinceMs;
    const statements = job.statements(since);
    // Until it has run, what it begins with is all that there is.
    await this.#records.put({
      name,
      hash,
      meaning,
      ...(since !== undefined && { sinceMs: since }),
      ...(from !== undefined && { savepoint: from }),
    });
    const session = await FlinkSession.open(this.#config.gatewayUrl, {
      ...job.settings,
      "pipeline.name": flinkName(job),
      ...(from && { "execution.state-recovery.path": from.path }),
    });
    try {
      for (const statement of statements.slice(0, -1)) await session.run(statement);
      const { job: id } = await session.run(statements.at(-1)!);
      await this.#untilRunning(id!, name);
    } finally {
      await session.close();
    }
  }

  /** Stops a job with a savepoint and gives its path. Throws `DEPLOY_FAILED`. */
  async stop(name: string, running: FlinkJob): Promise<FlinkState> {
    const path = await this.#manager.stop(running, this.#config.savepointDir);
    const savepoint = { path, atMs: this.#clock.nowMs() };
    const record = this.#records.of(name);
    if (record !== undefined) await this.#records.put({ ...record, savepoint });
    await this.#untilOver(running.id);
    return savepoint;
  }

  async status(name: string): Promise<JobStatus> {
    const job = await this.running(name);
    const savepoint = this.#records.of(name)?.savepoint?.path;
    if (job === undefined) {
      const state = savepoint === undefined ? "not running" : "stopped";
      return { name, state, ...(savepoint !== undefined && { savepoint }) };
    }
    const newest = await this.#manager.newestState(job.id);
    return {
      name,
      state: job.state.toLowerCase(),
      sinceMs: job.startedMs,
      ...(newest && { checkpointMs: newest.atMs }),
    };
  }

  async #find(id: string): Promise<FlinkJob | undefined> {
    return (await this.#manager.jobs()).find((job) => job.id === id);
  }

  async #untilRunning(id: string, name: string): Promise<void> {
    const deadline = this.#clock.monotonicMs() + RUN_WITHIN_MS;
    for (;;) {
      const job = await this.#find(id);
      const { running = 0, total = 0 } = job?.tasks ?? {};
      if (job?.state === "RUNNING" && total > 0 && running === total) return;
      const isLate = this.#clock.monotonicMs() > deadline;
      if (isLate || (job !== undefined && isOver(job))) {
        const reason = await this.#manager.failureOf(id).catch(() => "");
        if (job !== undefined && !isOver(job)) await this.#manager.cancel(id);
        const what = reason === "" ? `${running} of ${total} tasks run` : reason;
        throw new MillraceError("DEPLOY_FAILED", `${name} was started and doesn't run: ${what}`, {
          hint: "see Flink's logs and its free slots; --from-start if its state doesn't fit",
        });
      }
      await delay(ASK_EVERY_MS);
    }
  }

  async #untilOver(id: string): Promise<void> {
    for (;;) {
      const job = await this.#find(id);
      if (job === undefined || isOver(job)) return;
      await delay(ASK_EVERY_MS);
    }
  }
}

/** Whether a job in Flink is of this name, with whatever hash. */
const isNamed = (job: FlinkJob, name: string): boolean =>
  job.name.startsWith(`${name} `) && /^[0-9a-f]{8}$/.test(job.name.slice(name.length + 1));
