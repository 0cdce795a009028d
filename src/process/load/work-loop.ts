import { setTimeout as sleep } from "node:timers/promises";

export interface WorkLoopOptions {
  /** One unit of work; `idle` when there is nothing more to do now. */
  readonly step: () => Promise<{ readonly idle: boolean }>;
  /** From the begin of a step that found nothing to the next one, ms. */
  readonly intervalMs: number;
  /** Told of each failed step; the step is tried again, after a growing pause. */
  readonly onError: (error: unknown) => void;
}

/** A loop that runs until it is stopped. */
export interface WorkLoop {
  /** Lets the current step end. */
  stop(): Promise<void>;
}

const PAUSE_MS_MAX = 5_000;

/** Works as long as there is work, then looks again every `intervalMs`. */
export function startWorkLoop({ step, intervalMs, onError }: WorkLoopOptions): WorkLoop {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal }).catch(() => {
      // stopped meanwhile
    });
  const run = async (): Promise<void> => {
    for (let failures = 0; !signal.aborted;) {
      try {
        const { idle } = await step();
        failures = 0;
        if (idle) await pause(intervalMs);
      } catch (error) {
        onError(error);
        await pause(Math.min(100 * 2 ** failures++, PAUSE_MS_MAX));
      }
    }
  };
  const ended = run();
  return {
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}
