import { LIMITS } from "../../../core/limits.ts";
import type { DoorBatch } from "../../door-batch.ts";
import { FATE } from "../../outcome.ts";
import { ASK } from "../../scan/event-scanner.ts";
import type { ByteRange } from "../../scan/outer-members.ts";
import { parseJson } from "../../scan/parse-json.ts";
import type { Problem } from "../../scan/problem.ts";
import { EVENT_BOUNDS } from "../../scan/topic-scanner.ts";
import { stageFirstAccepting, turn } from "../../validate-body.ts";
import { mapMessage, type Mapped } from "./map-message.ts";
import { readMessage, type MessageType } from "./message.ts";
import type { Targets } from "./targets.ts";

/** The messages of one request, mapped one by one to events of the definition. */
export class SegmentBatch {
  readonly #body: Buffer;
  readonly #messages: readonly ByteRange[];
  readonly #typeOfPath: MessageType | undefined;
  readonly #targets: Targets;
  /** By event: the message that it was made from. */
  readonly #sources: ByteRange[] = [];

  constructor(
    body: Buffer,
    messages: readonly ByteRange[],
    typeOfPath: MessageType | undefined,
    targets: Targets,
  ) {
    this.#body = body;
    this.#messages = messages;
    this.#typeOfPath = typeOfPath;
    this.#targets = targets;
  }

  async validate(door: DoorBatch): Promise<undefined> {
    let bytes = 0;
    let events = 0;
    for (const message of this.#messages) {
      this.#message(door, message);
      bytes += message.end - message.start;
      if (door.events - events >= LIMITS.turnEventsMax / 4 || bytes >= LIMITS.turnBytesMax / 4) {
        bytes = 0;
        events = door.events;
        await turn();
      }
    }
    return undefined;
  }

  raw(eventIndex: number): Uint8Array {
    const { start, end } = this.#sources[eventIndex]!;
    return this.#body.subarray(start, end);
  }

  #message(door: DoorBatch, range: ByteRange): void {
    const { start, end } = range;
    if (end - start > LIMITS.eventBytesMax) {
      const message = `a message has ${end - start} bytes; at most ${LIMITS.eventBytesMax} are taken`;
      return this.#reject(door, range, FATE.refused, { code: "EVENT_TOO_LARGE", message });
    }
    const node = parseJson(this.#body, start, end, EVENT_BOUNDS);
    if (node.kind === "failure") return this.#reject(door, range, FATE.quarantined, node);
    const message =
      node.kind === "object"
        ? readMessage(node, this.#body, this.#typeOfPath, door.arrival.nowMs)
        : undefined;
    const mapped = message === undefined ? [] : mapMessage(message, this.#targets);
    if (mapped.length === 0) {
      const problem = {
        code: "NO_EVENT_ACCEPTS",
        field: "type",
        message: "a message has a type: track, identify, page, screen, group or alias",
      } as const;
      return this.#reject(door, range, FATE.quarantined, problem);
    }
    for (const each of mapped) this.#stage(door, range, each);
  }

  #reject(
    door: DoorBatch,
    range: ByteRange,
    fate: typeof FATE.quarantined | typeof FATE.refused,
    problem: Problem,
  ): void {
    const index = door.events++;
    this.#sources[index] = range;
    door.reject(index, fate, this.#targets.behaviour?.name ?? "", problem, this.raw(index));
  }

  #stage(door: DoorBatch, range: ByteRange, { input, json }: Mapped): void {
    const index = door.events++;
    this.#sources[index] = range;
    if (input.closed !== undefined) {
      door.reject(index, FATE.refused, input.name, input.closed, this.raw(index));
      return;
    }
    door.stageOf(input);
    if (input.scanner.tryFast(json, 0, json.length, index, door.arrival) !== ASK) return;
    const node = parseJson(json, 0, json.length, MAPPED_BOUNDS);
    if (node.kind === "failure") {
      door.reject(index, FATE.quarantined, input.name, node, this.raw(index));
    } else stageFirstAccepting(door, [input], json, node, index, this.raw(index));
  }
}

/** A mapped event may nest and hold a little more than its message. */
const MAPPED_BOUNDS = {
  depthMax: EVENT_BOUNDS.depthMax + 2,
  keysMax: EVENT_BOUNDS.keysMax * 2,
};
