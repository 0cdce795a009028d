import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom, type Random } from "../../src/core/random.ts";
import { sendTo, type Door } from "./doors.ts";
import type { RealEvent } from "./real-events.ts";

/** How events are told as if they happened now. */
export interface LiveTraffic {
  readonly events: readonly RealEvent[];
  /** Over how long they are spread. */
  readonly seconds: number;
  /** Goes before the number of an event in its id. */
  readonly name: string;
  /** Decides on disorder, duplicates and late ones. */
  readonly seed: number;
  /** Of a hundred events, how many are sent twice. */
  readonly duplicatePercent: number;
  /** Of a hundred events, how many come long after their time, or with a time that can't be. */
  readonly latePercent?: number;
  /** Told how far it is, between requests: from 0 to 1. */
  readonly onProgress?: (done: number) => void;
}

/** What was sent, by what should become of it. */
interface Made {
  onTime: number;
  late: number;
  absurd: number;
  duplicates: number;
}

export interface Sent extends Made {
  /** Events that a door said that it took, by its name. */
  readonly accepted: ReadonlyMap<string, number>;
}

const BATCH = 500;
/** Events are told in another order than they happened in, by less than the log's slack. */
const DISORDER_MS = 8_000;
/** In hours that are over, so that they can be amended at once. */
const LATE_MS_LEAST = 65 * 60_000;
export const LATE_MS_MOST = 125 * 60_000;
const ABSURD_MS = 3 * 86_400_000;

/** Sends the same bytes to every door at the pace of real time. */
export async function sendLive(doors: readonly Door[], traffic: LiveTraffic): Promise<Sent> {
  const { events, seconds, onProgress = () => undefined } = traffic;
  const maker = new EventMaker(traffic);
  const accepted = new Map<string, number>();
  const send = async (door: Door, topic: string, body: string, turn: number): Promise<void> => {
    const answers = await sendTo(door, topic, body, turn);
    accepted.set(door.name, (accepted.get(door.name) ?? 0) + (answers.get("accepted") ?? 0));
  };
  const began = Date.now();
  for (let at = 0; at < events.length; at += BATCH) {
    const due = began + (at / events.length) * seconds * 1_000;
    await sleep(Math.max(0, due - Date.now()));
    const bodies = maker.bodiesOf(events.slice(at, at + BATCH), at, Date.now());
    const turn = at / BATCH;
    await Promise.all(
      doors.flatMap((door) => bodies.map(([topic, body]) => send(door, topic, body, turn))),
    );
    onProgress(Math.min(1, (at + BATCH) / events.length));
  }
  return { ...maker.made, accepted };
}

/** Gives events their ids and times. */
class EventMaker {
  readonly made: Made = { onTime: 0, late: 0, absurd: 0, duplicates: 0 };
  readonly #traffic: LiveTraffic;
  readonly #random: Random;
  /** To be sent again with the next batch. */
  #again: (readonly [topic: string, line: string])[] = [];

  constructor(traffic: LiveTraffic) {
    this.#traffic = traffic;
    this.#random = seededRandom(traffic.seed);
  }

  bodiesOf(
    events: readonly RealEvent[],
    from: number,
    nowMs: number,
  ): (readonly [string, string])[] {
    const lines = [...this.#again];
    this.#again = [];
    for (const [at, event] of events.entries()) {
      const line = [event.topic, this.#line(event, from + at, nowMs)] as const;
      lines.push(line);
      if (this.#isOneOf(this.#traffic.duplicatePercent)) {
        this.#again.push(line);
        this.made.duplicates++;
      }
    }
    const byTopic = Map.groupBy(lines, ([topic]) => topic);
    return [...byTopic].map(([topic, own]) => [topic, own.map(([, line]) => line).join("\n")]);
  }

  #line({ members }: RealEvent, number: number, nowMs: number): string {
    const timestamp = new Date(this.#timeAt(nowMs)).toISOString();
    return JSON.stringify({ event_id: `${this.#traffic.name}-${number}`, timestamp, ...members });
  }

  #timeAt(nowMs: number): number {
    if (!this.#isOneOf(this.#traffic.latePercent ?? 0)) {
      this.made.onTime++;
      return nowMs - Math.floor(this.#random.next() * DISORDER_MS);
    }
    if (this.#isOneOf(50)) {
      this.made.absurd++;
      return nowMs + ABSURD_MS;
    }
    this.made.late++;
    const late = LATE_MS_LEAST + this.#random.next() * (LATE_MS_MOST - LATE_MS_LEAST);
    return nowMs - Math.floor(late);
  }

  #isOneOf(percent: number): boolean {
    return this.#random.next() * 100 < percent;
  }
}
