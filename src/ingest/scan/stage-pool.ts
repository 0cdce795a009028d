import { LIMITS } from "../../core/limits.ts";
import { Stage } from "./stage.ts";

/** Stages that wait to be used again, so that a request doesn't begin by allocating. */
export class StagePool {
  readonly #columns: number;
  readonly #free: Stage[] = [];

  constructor(columns: number) {
    this.#columns = columns;
  }

  take(): Stage {
    return this.#free.pop() ?? new Stage(this.#columns);
  }

  giveBack(stage: Stage): void {
    if (this.#free.length >= LIMITS.idleStagesMax) return;
    if (stage.bytes.length > LIMITS.idleStageBytesMax) return;
    stage.clear();
    this.#free.push(stage);
  }
}
