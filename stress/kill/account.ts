import assert from "node:assert/strict";
import type { MadeEvent } from "./made-event.ts";

interface Entry {
  readonly event: MadeEvent;
  sent: number;
  accepted: number;
  duplicate: number;
  quarantined: number;
}

/** What the clients sent, and what they were told of it. */
export class Account {
  readonly #entries = new Map<string, Entry>();
  /** Requests that failed or weren't answered in time. */
  failures = 0;
  requests = 0;

  sending(events: readonly MadeEvent[]): void {
    this.requests++;
    for (const event of events) {
      const entry = this.#entries.get(event.id);
      if (entry !== undefined) entry.sent++;
      else {
        const none = { accepted: 0, duplicate: 0, quarantined: 0 };
        this.#entries.set(event.id, { event, sent: 1, ...none });
      }
    }
  }

  /** Takes the body of a 200. */
  answered(events: readonly MadeEvent[], body: unknown): void {
    const { results } = body as { results: { event_id: string; status: string }[] };
    assert.equal(results.length, events.length, "a result for each event");
    for (const [at, { event_id, status }] of results.entries()) {
      const entry = this.#entries.get(events[at]!.id)!;
      assert.equal(event_id, entry.event.id, "results in the order of the events");
      if (status === "accepted") entry.accepted++;
      else if (status === "duplicate") entry.duplicate++;
      else if (status === "quarantined" && entry.event.isBad) entry.quarantined++;
      else assert.fail(`${event_id} was ${status}: ${JSON.stringify(results[at])}`);
    }
  }

  event(id: string): MadeEvent | undefined {
    return this.#entries.get(id)?.event;
  }

  /** Events of a topic that must be there. */
  acknowledged(topic: MadeEvent["topic"]): MadeEvent[] {
    return this.#of((entry) => entry.event.topic === topic && entry.accepted + entry.duplicate > 0);
  }

  /** Events that were told `accepted` more than once. */
  acceptedTwice(): MadeEvent[] {
    return this.#of(({ accepted }) => accepted > 1);
  }

  totals() {
    const sum = (of: (entry: Entry) => number): number =>
      [...this.#entries.values()].reduce((total, entry) => total + of(entry), 0);
    const isAcknowledged = (entry: Entry): boolean => entry.accepted + entry.duplicate > 0;
    return {
      requests: this.requests,
      failures: this.failures,
      events: this.#entries.size,
      sent: sum(({ sent }) => sent),
      acknowledged: sum((entry) => Number(isAcknowledged(entry))),
      duplicates: sum(({ duplicate }) => duplicate),
      quarantined: sum(({ quarantined }) => Math.min(1, quarantined)),
      unanswered: sum((entry) => Number(!isAcknowledged(entry) && entry.quarantined === 0)),
    };
  }

  #of(isWanted: (entry: Entry) => boolean): MadeEvent[] {
    return [...this.#entries.values()].filter(isWanted).map(({ event }) => event);
  }
}
