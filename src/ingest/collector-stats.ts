import type { PendingCount } from "../storage/log/log.ts";
import type { Tally } from "./answer.ts";
import { FATE_NAMES } from "./outcome.ts";

/** Counters of the door since it opened. */
export class CollectorStats {
  readonly #requests = new Map<string, number>();
  readonly #events = new Map<string, number>();
  readonly #rules = new Map<string, number>();
  /** Refusals that no append has made durable yet. */
  readonly #pending = new Map<string, PendingCount>();

  request(protocol: string, status: number): void {
    add(this.#requests, `${protocol} ${status}`, 1);
  }

  events(protocol: string, tally: Tally): void {
    for (const [fate, n] of tally.entries()) {
      if (n > 0) add(this.#events, `${protocol} ${FATE_NAMES[fate]}`, n);
    }
  }

  rules(counts: ReadonlyMap<string, number>): void {
    for (const [rule, n] of counts) add(this.#rules, rule, n);
  }

  /** A whole body refused: one in, one refused, for the ledger's next commit. */
  refuse(topic: string, reason: string, source: string): void {
    for (const count of [
      { topic, status: "in", source, n: 1 },
      { topic, status: "refused", reason, source, n: 1 },
    ] as const) {
      const id = [topic, count.status, reason, source].join("\u0000");
      this.#pending.set(id, { ...count, n: (this.#pending.get(id)?.n ?? 0) + 1 });
    }
  }

  /** Hands over the counts that wait; `putBack` when they couldn't be made durable. */
  takePending(): readonly PendingCount[] {
    const counts = [...this.#pending.values()];
    this.#pending.clear();
    return counts;
  }

  putBack(counts: readonly PendingCount[]): void {
    for (const count of counts) {
      const reason = count.reason ?? "";
      const id = [count.topic, count.status, reason, count.source].join("\u0000");
      this.#pending.set(id, { ...count, n: (this.#pending.get(id)?.n ?? 0) + count.n });
    }
  }

  snapshot(): {
    requests: Record<string, number>;
    events: Record<string, number>;
    rules: Record<string, number>;
  } {
    return {
      requests: Object.fromEntries(this.#requests),
      events: Object.fromEntries(this.#events),
      rules: Object.fromEntries(this.#rules),
    };
  }
}

const add = (map: Map<string, number>, name: string, n: number): void =>
  void map.set(name, (map.get(name) ?? 0) + n);
