import { rowToObject } from "../../language/compile/javascript/row-to-object.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { Layout } from "../../language/schema/layout.ts";
import type { LiveEvent } from "../../serve/live/live-feed.ts";

/** Events kept for the next message to the page. */
const KEPT_MAX = 40;

interface Kept {
  readonly topic: Topic;
  readonly layout: Layout;
  readonly row: Uint8Array;
  readonly mine: boolean;
  readonly receivedAt: number;
}

/** The newest accepted events, for the page: a few rows, decoded only when somebody looks. */
export class LiveRing {
  #kept: Kept[] = [];

  /** Keeps a row (its bytes are the ring's own from now on). */
  add(topic: Topic, row: Uint8Array, mine: boolean, receivedAt: number): void {
    if (this.#kept.length >= KEPT_MAX) {
      const oldest = this.#kept.findIndex((each) => !each.mine);
      this.#kept.splice(Math.max(oldest, 0), 1);
    }
    this.#kept.push({ topic, layout: topic.layout, row, mine, receivedAt });
  }

  /** Those since the last call, oldest first. */
  take(): readonly LiveEvent[] {
    const kept = this.#kept;
    this.#kept = [];
    return kept.map(({ topic, layout, row, mine, receivedAt }) => {
      const event = rowToObject(layout, row, 0) as Record<string, unknown>;
      return {
        id: String(event[topic.id] ?? ""),
        kind: String(event["event_name"] ?? event["event_type"] ?? topic.name),
        text: describe(event, topic),
        receivedAt,
        mine,
      };
    });
  }
}

const SHOWN_MAX = 160;

/** What stands beside an event's type: its key, and the texts of its properties. */
function describe(event: Record<string, unknown>, topic: Topic): string {
  const who = topic.key.map((path) => event[path]).find((value) => value !== undefined);
  const skipped = new Set([
    topic.id,
    topic.time,
    ...topic.key,
    "event_type",
    "event_name",
    "received_at",
  ]);
  const rest = Object.entries(event)
    .filter(([name]) => !skipped.has(name) && !name.startsWith("_"))
    .flatMap(([name, value]) => leaves(name, value));
  return distinct([String(who ?? "(no key)"), ...rest])
    .join(" · ")
    .slice(0, SHOWN_MAX);
}

const MADE_ID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** Leaves out what tells a reader nothing: made ids, and parts of what is there already. */
function distinct(texts: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const [index, text] of texts.entries()) {
    const isNoise = MADE_ID.test(text) || kept.some((each) => each.includes(text));
    if (index === 0 || !isNoise) kept.push(text.replace(/^https?:\/\//, ""));
  }
  return kept;
}

function leaves(name: string, value: unknown): readonly string[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== "object") return [String(value)];
  return Object.entries(value).flatMap(([below, each]) => leaves(`${name}.${below}`, each));
}
