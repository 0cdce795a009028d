import type { Clock } from "../core/clock.ts";
import type { Passage, Step, StepName } from "./passage.ts";

/** What the steps took, by name. */
export interface StepTimes {
  readonly runs: number;
  readonly ns: number;
}

/** Runs a passage through steps and times each. */
export class StepTimer {
  readonly #steps: readonly Step[];
  readonly #clock: Clock;
  readonly #times: Map<StepName, { runs: number; ns: number }>;

  constructor(steps: readonly Step[], clock: Clock) {
    this.#steps = steps;
    this.#clock = clock;
    this.#times = new Map(steps.map(({ name }) => [name, { runs: 0, ns: 0 }]));
  }

  /** Elapsed time: where a step gives others a turn, theirs is in it. */
  async run(passage: Passage): Promise<void> {
    for (const step of this.#steps) {
      const time = this.#times.get(step.name)!;
      const from = this.#clock.monotonicMs();
      try {
        await step.run(passage);
      } finally {
        time.runs++;
        time.ns += Math.round((this.#clock.monotonicMs() - from) * 1e6);
      }
    }
  }

  times(): Record<string, StepTimes> {
    return Object.fromEntries([...this.#times].map(([name, time]) => [name, { ...time }]));
  }
}
