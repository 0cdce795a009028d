import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "../../../core/errors.ts";

/** A process that can be started again when it has ended. */
interface Startable {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly ended: Promise<void>;
}

const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 30_000;

/** Starts a process, and again whenever it ends, until it is closed. */
export class KeptRunning {
  /** How often it was started. */
  starts = 0;
  readonly #process: Startable;
  readonly #onProblem: (thrown: unknown) => void;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  constructor(process: Startable, onProblem: (thrown: unknown) => void) {
    this.#process = process;
    this.#onProblem = onProblem;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#process.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let pauseMs = PAUSE_MS;
    while (!signal.aborted) {
      try {
        this.starts++;
        await this.#process.start();
        pauseMs = PAUSE_MS;
        await this.#process.ended;
        if (signal.aborted) return;
        throw new MillraceError("ENGINE_FAILED", "Kafka Streams ended; it is started again");
      } catch (error) {
        if (signal.aborted) return;
        this.#onProblem(error);
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX);
    }
  }
}
