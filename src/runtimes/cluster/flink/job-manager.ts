import { setTimeout as delay } from "node:timers/promises";
import { MillraceError } from "../../../core/errors.ts";
import { flinkCall } from "./flink-call.ts";

/** A job that Flink knows: one that runs, or ended not long ago. */
export interface FlinkJob {
  readonly id: string;
  readonly name: string;
  /** Flink's word: `RUNNING`, `RESTARTING`, `FINISHED`, … */
  readonly state: string;
  readonly startedMs: number;
  /** How many of its tasks run, of how many. */
  readonly tasks: { readonly running: number; readonly total: number };
}

/** What a job can be started from again. */
export interface FlinkState {
  readonly path: string;
  readonly atMs: number;
}

/** Of a job that neither runs nor will. */
const OVER: ReadonlySet<string> = new Set(["FINISHED", "CANCELED", "FAILED", "SUSPENDED"]);

export const isOver = ({ state }: FlinkJob): boolean => OVER.has(state);

const ASK_EVERY_MS = 200;

/** The REST API of a JobManager. Errors are those of `flinkCall`. */
export class JobManager {
  readonly #url: string;

  constructor(restUrl: string) {
    this.#url = restUrl.replace(/\/$/, "");
  }

  /** All jobs, the newest first. */
  async jobs(): Promise<readonly FlinkJob[]> {
    const { jobs } = await flinkCall<{ readonly jobs: readonly OverviewJob[] }>(
      "GET",
      `${this.#url}/jobs/overview`,
    );
    return jobs
      .map((job) => ({
        id: job.jid,
        name: job.name,
        state: job.state,
        startedMs: job["start-time"],
        tasks: { running: job.tasks.running, total: job.tasks.total },
      }))
      .toSorted((a, b) => b.startedMs - a.startedMs);
  }

  /** The newest complete checkpoint or savepoint of a job, unless Flink threw it away. */
  async newestState(job: string): Promise<FlinkState | undefined> {
    const { latest } = await flinkCall<Checkpoints>("GET", `${this.#url}/jobs/${job}/checkpoints`);
    const [newest] = [latest?.completed, latest?.savepoint]
      .flatMap((each) => (!each || each.discarded ? [] : [each]))
      .toSorted((a, b) => b.latest_ack_timestamp - a.latest_ack_timestamp);
    return newest && { path: newest.external_path, atMs: newest.latest_ack_timestamp };
  }

  /** Why a job failed last, in Flink's words; empty where it didn't. */
  async failureOf(job: string): Promise<string> {
    const { exceptionHistory } = await flinkCall<Exceptions>(
      "GET",
      `${this.#url}/jobs/${job}/exceptions?maxExceptions=1`,
    );
    const stack = exceptionHistory?.entries[0]?.stacktrace ?? "";
    const causes = stack.split("\n").filter((line) => /^(Caused by: )?[\w.$]+(:|$)/.test(line));
    return [...new Set(causes)].join("\n");
  }

  /**
   * Ends a job when all that it has read is published and its state is in a savepoint; gives the
   * savepoint's path. Throws `DEPLOY_FAILED`: the job then goes on.
   */
  async stop(job: FlinkJob, targetDirectory?: string): Promise<string> {
    const url = `${this.#url}/jobs/${job.id}`;
    const body = { drain: false, ...(targetDirectory !== undefined && { targetDirectory }) };
    const { "request-id": request } = await flinkCall<{ readonly "request-id": string }>(
      "POST",
      `${url}/stop`,
      body,
    );
    for (;;) {
      const { status, operation } = await flinkCall<Savepoint>(
        "GET",
        `${url}/savepoints/${request}`,
      );
      if (operation?.location !== undefined) return operation.location;
      if (status.id === "COMPLETED") {
        const stack = operation?.["failure-cause"]?.["stack-trace"] ?? "";
        const reason = /Caused by: (?:[\w.$]+: )?(.*)/.exec(stack)?.[1] ?? stack.split("\n")[0]!;
        throw new MillraceError("DEPLOY_FAILED", `${job.name} can't be stopped: ${reason}`, {
          hint: "see that all of its tasks run, then try again",
        });
      }
      await delay(ASK_EVERY_MS);
    }
  }

  /** Ends a job without a savepoint. */
  async cancel(job: string): Promise<void> {
    await flinkCall("PATCH", `${this.#url}/jobs/${job}?mode=cancel`);
  }
}

interface OverviewJob {
  readonly jid: string;
  readonly name: string;
  readonly state: string;
  readonly "start-time": number;
  readonly tasks: { readonly running: number; readonly total: number };
}

interface Checkpoint {
  readonly external_path: string;
  readonly latest_ack_timestamp: number;
  readonly discarded: boolean;
}

interface Checkpoints {
  readonly latest?: {
    readonly completed: Checkpoint | null;
    readonly savepoint: Checkpoint | null;
  } | null;
}

interface Exceptions {
  readonly exceptionHistory?: { readonly entries: readonly { readonly stacktrace: string }[] };
}

interface Savepoint {
  readonly status: { readonly id: "IN_PROGRESS" | "COMPLETED" };
  readonly operation?: {
    readonly location?: string;
    readonly "failure-cause"?: { readonly "stack-trace"?: string };
  } | null;
}
