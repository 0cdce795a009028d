import { isUtf8 } from "node:buffer";
import { LIMITS } from "../core/limits.ts";
import type { DoorBatch } from "./door-batch.ts";
import type { DoorInput } from "./door-program.ts";
import { FATE } from "./outcome.ts";
import { BodyCursor, BROKEN } from "./scan/body-cursor.ts";
import { skipSpace } from "./scan/byte-class.ts";
import { ASK } from "./scan/event-scanner.ts";
import { textOf, type JsonNode } from "./scan/json-node.ts";
import { parseJson } from "./scan/parse-json.ts";
import type { Problem } from "./scan/problem.ts";
import { EVENT_BOUNDS } from "./scan/topic-scanner.ts";

/** Lets other requests have a turn. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Stages the events of a native body: an event, an array or NDJSON. Each goes to the first of
 * `candidates` that accepts it. Gives a problem when the whole body is to be refused: then nothing
 * of it counts.
 */
export async function validateBody(
  batch: DoorBatch,
  bytes: Buffer,
  candidates: readonly DoorInput[],
): Promise<Problem | undefined> {
  const cursor = new BodyCursor(bytes);
  if (cursor.isEmpty) return bodyProblem("the body is empty");
  if (cursor.endsAtOnce()) {
    return cursor.at < bytes.length ? bodyProblem("something follows the array") : undefined;
  }
  const validator = new BodyValidator(batch, cursor, candidates);
  for (;;) {
    const outcome = validator.turn();
    if (outcome === "more") await turn();
    else return outcome === "done" ? undefined : outcome;
  }
}

const bodyProblem = (message: string): Problem => ({
  code: "BODY_NOT_JSON",
  message: `the body isn't JSON: ${message}`,
  hint: "send an event, an array of events, or one event a line",
});

class BodyValidator {
  readonly #batch: DoorBatch;
  readonly #cursor: BodyCursor;
  readonly #candidates: readonly DoorInput[];
  readonly #isUtf8: boolean;

  constructor(batch: DoorBatch, cursor: BodyCursor, candidates: readonly DoorInput[]) {
    this.#batch = batch;
    this.#cursor = cursor;
    this.#candidates = candidates;
    this.#isUtf8 = isUtf8(cursor.bytes);
  }

  /** Stages events until it is another request's turn. */
  turn(): "more" | "done" | Problem {
    const cursor = this.#cursor;
    const batch = this.#batch;
    for (const input of this.#candidates) batch.stageOf(input);
    const from = cursor.at;
    const last = batch.events + LIMITS.turnEventsMax;
    while (batch.events < last && cursor.at - from < LIMITS.turnBytesMax) {
      if (batch.events === LIMITS.batchEventsMax) return tooMany();
      const index = batch.events++;
      const end = this.#event(index);
      if (typeof end === "object") return end;
      const next = cursor.next(end);
      if (next === BROKEN) return bodyProblem(`unexpected text at byte ${cursor.at}`);
      if (next === false) return "done";
    }
    return "more";
  }

  /** Stages or rejects the cursor's event; gives its end, or why the body is refused. */
  #event(index: number): number | Problem {
    const { bytes, at, limit } = this.#cursor;
    const batch = this.#batch;
    if (this.#isUtf8) {
      const first = this.#candidates[0]!;
      const end = first.scanner.tryFast(bytes, at, limit, index, batch.arrival);
      if (end !== ASK) {
        batch.locate(index, at, end);
        return end;
      }
    }
    const end = this.#cursor.findEnd();
    if (end === BROKEN) return bodyProblem(`an event that begins at byte ${at} has no end`);
    batch.locate(index, at, end);
    return this.#exact(index, at, end) ?? end;
  }

  #exact(index: number, start: number, end: number): Problem | undefined {
    const { bytes } = this.#cursor;
    const raw = bytes.subarray(start, end);
    const topic = this.#candidates[0]!.name;
    if (end - start > LIMITS.eventBytesMax) {
      const message = `an event has ${end - start} bytes; at most ${LIMITS.eventBytesMax} are taken`;
      this.#batch.reject(index, FATE.refused, topic, { code: "EVENT_TOO_LARGE", message }, raw);
      return undefined;
    }
    const node = parseJson(bytes, start, end, EVENT_BOUNDS);
    if (node.kind === "failure") {
      if (node.code === "EVENT_NOT_JSON" && this.#isWholeBody(index, end)) {
        return bodyProblem(node.message);
      }
      this.#batch.reject(index, FATE.quarantined, topic, node, raw);
      return undefined;
    }
    stageFirstAccepting(this.#batch, this.#candidates, bytes, node, index, raw);
    return undefined;
  }

  #isWholeBody(index: number, end: number): boolean {
    return index === 0 && !this.#cursor.isArray && isBlank(this.#cursor.bytes, end);
  }
}

const tooMany = (): Problem => ({
  code: "BATCH_TOO_LARGE",
  message: `more than ${LIMITS.batchEventsMax} events in one request`,
  hint: "split the batch",
});

/** Stages a parsed event in the first topic that accepts it; quarantines it when none does. */
export function stageFirstAccepting(
  batch: DoorBatch,
  candidates: readonly DoorInput[],
  bytes: Buffer,
  node: JsonNode,
  index: number,
  raw: Uint8Array,
): void {
  let first: Problem | undefined;
  for (const { scanner } of candidates) {
    const problem = scanner.exact.write(bytes, node, index, batch.arrival);
    if (problem === undefined) return;
    first ??= problem;
  }
  const [input] = candidates;
  const eventId = textOf(node, input!.finisher.topic.id)?.slice(0, 200);
  const problem =
    candidates.length === 1
      ? first!
      : {
          code: "NO_EVENT_ACCEPTS" as const,
          field: first!.field,
          message: `no event of the definition accepts it; ${input!.name}: ${first!.message}`,
          hint: "name the event with ?topic=",
        };
  batch.reject(index, FATE.quarantined, input!.name, problem, raw, { eventId });
}

const isBlank = (bytes: Buffer, from: number): boolean => skipSpace(bytes, from) >= bytes.length;
