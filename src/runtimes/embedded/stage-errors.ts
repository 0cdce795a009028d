import { asMillraceError } from "../../core/errors.ts";
import type { Figure } from "../../serve/observe/figures.ts";

/** Counts what stages met, and says it: a stage that fails goes on by itself. */
export class StageErrors {
  readonly #counts: Map<string, number>;
  readonly #say: (text: string) => void;

  /** Knows its stages from the start, so that their counters begin at 0. */
  constructor(stages: readonly string[], say: (text: string) => void) {
    this.#counts = new Map(stages.map((stage) => [stage, 0]));
    this.#say = say;
  }

  met(stage: string, thrown: unknown): void {
    this.#counts.set(stage, (this.#counts.get(stage) ?? 0) + 1);
    const { code, message } = asMillraceError(thrown);
    this.#say(`  ${stage}: ${code}: ${message}\n`);
  }

  figure(): Figure {
    return {
      name: "millrace_errors_total",
      help: "Steps of a stage that failed; each is taken up again",
      type: "counter",
      samples: [...this.#counts].map(([stage, value]) => ({ labels: { stage }, value })),
    };
  }
}
