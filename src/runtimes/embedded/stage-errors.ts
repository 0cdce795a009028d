import type { Clock } from "../../core/clock.ts";
import { asMillraceError } from "../../core/errors.ts";
import type { Figure } from "../../serve/observe/figures.ts";

/** The main process says that the warehouse ended; a stage speaks up only when it stays away. */
const PATIENCE_MS = 15_000;

interface Stage {
  errors: number;
  /** When it began to fail, and what it said of that last. */
  failingSinceMs: number | undefined;
  said: string;
}

/** Counts what stages met, and says it once: a stage that fails goes on by itself. */
export class StageErrors {
  readonly #stages: ReadonlyMap<string, Stage>;
  readonly #clock: Clock;
  readonly #say: (text: string) => void;

  constructor(names: readonly string[], clock: Clock, say: (text: string) => void) {
    this.#stages = new Map(
      names.map((name) => [name, { errors: 0, failingSinceMs: undefined, said: "" }]),
    );
    this.#clock = clock;
    this.#say = say;
  }

  met(name: string, thrown: unknown): void {
    const stage = this.#stages.get(name)!;
    const { code, message } = asMillraceError(thrown);
    const nowMs = this.#clock.monotonicMs();
    stage.errors += 1;
    stage.failingSinceMs ??= nowMs;
    const isExpected =
      code === "WAREHOUSE_UNAVAILABLE" && nowMs - stage.failingSinceMs < PATIENCE_MS;
    const text = `  ${name}: ${code}: ${message}\n`;
    if (isExpected || stage.said === text) return;
    stage.said = text;
    this.#say(text);
  }

  /** A step went well: the next error is news. */
  went(name: string): void {
    const stage = this.#stages.get(name)!;
    stage.failingSinceMs = undefined;
    stage.said = "";
  }

  figure(): Figure {
    return {
      name: "millrace_errors_total",
      help: "Steps of a stage that failed; each is taken up again",
      type: "counter",
      samples: [...this.#stages].map(([stage, { errors }]) => ({
        labels: { stage },
        value: errors,
      })),
    };
  }
}
