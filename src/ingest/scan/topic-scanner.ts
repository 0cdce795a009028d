import { LIMITS } from "../../core/limits.ts";
import type { Topic } from "../../language/plan/topic.ts";
import { ASK, EventScanner } from "./event-scanner.ts";
import { ExactWriter, type MakeId } from "./exact-writer.ts";
import { scanProgram, type ScanProgram } from "./program.ts";
import { Stage } from "./stage.ts";
import { FoundWriter, type Arrival } from "./write-found.ts";

/** Bounds of one event's JSON. */
export const EVENT_BOUNDS = { depthMax: LIMITS.eventDepthMax, keysMax: LIMITS.eventKeysMax };

/** Stages events of one topic: the fast path where it is sure, the exact one otherwise. */
export class TopicScanner {
  readonly program: ScanProgram;
  readonly exact: ExactWriter;
  readonly #scanner: EventScanner;
  readonly #found: FoundWriter;

  constructor(topic: Topic, makeId: MakeId) {
    this.program = scanProgram(topic);
    this.#scanner = new EventScanner(this.program);
    const stage = new Stage(topic.leaves.length);
    this.#found = new FoundWriter(this.program, this.#scanner, stage);
    this.exact = new ExactWriter(this.program, stage, makeId);
  }

  /** Where events are staged from now on. */
  use(stage: Stage): void {
    this.#found.stage = stage;
    this.exact.stage = stage;
  }

  /**
   * The fast path over the object at `at`: stages it and gives its end, or `ASK`. Valid UTF-8 and
   * the end not lying behind `limit` are conditions of being sure.
   */
  tryFast(bytes: Buffer, at: number, limit: number, eventIndex: number, arrival: Arrival): number {
    const end = this.#scanner.scan(bytes, at);
    if (end === ASK || end > limit || end - at > LIMITS.eventBytesMax) return ASK;
    return this.#found.write(bytes, end - at, eventIndex, arrival) ? end : ASK;
  }
}
