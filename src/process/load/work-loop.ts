import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";

export interface WorkLoopOptions {
  /** One unit of work; `idle` when there is nothing more to do now. */
  readonly step: () => Promise<{ readonly idle: boolean }>;
  /** The rest once there is nothing more to do, ms. */
  readonly intervalMs: number;
  /**
   * Makes the rest longer after much work: so many times as long as the work took since the last
   * rest, up to a bound. For work whose cost falls when it is done in larger pieces.
   */
  readonly restAfterWork?: { readonly times: number; readonly msMax: number };
  readonly clock: Clock;
  /** Told of each failed step; the step is tried again, after a growing pause. */
  readonly onError: (error: unknown) => void;
}

/** A loop that runs until it is stopped. */
export interface WorkLoop {
  /** Lets the current step end. */
  stop(): Promise<void>;
}

const PAUSE_MS_MAX = 5_000;

/** Works as long as there is work, then rests. */
export function startWorkLoop(options: WorkLoopOptions): WorkLoop {
  const { step, intervalMs, restAfterWork = { times: 0, msMax: 0 }, clock, onError } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal }).catch(() => {
      // stopped meanwhile
    });
  const restMs = (workMs: number): number =>
    Math.max(intervalMs, Math.min(workMs * restAfterWork.times, restAfterWork.msMax));
  const run = async (): Promise<void> => {
    let sinceMs = clock.monotonicMs();
    for (let failures = 0; !signal.aborted;) {
      try {
        const { idle } = await step();
        failures = 0;
        if (idle) {
          await pause(restMs(clock.monotonicMs() - sinceMs));
          sinceMs = clock.monotonicMs();
        }
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
