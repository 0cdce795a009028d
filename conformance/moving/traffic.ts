import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../src/core/random.ts";

/** Where the events of one request go: to one door, or the same bytes to several. */
export type Way = () => readonly string[];

const BATCH = 20;
const EVERY_MS = 250;
const PEOPLE = 40;
const TYPES = ["page_view", "page_view", "page_view", "click", "purchase"] as const;

/** Clients that send events and don't stop. */
export class Traffic {
  readonly #random = seededRandom(7);
  readonly #name: string;
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  /** Events that a door has taken, by topic. */
  readonly sent = new Map<string, number>();
  /** What no door took at once. */
  readonly refused: string[] = [];
  /** The next requests go there. */
  way: Way = () => [];

  constructor(name: string) {
    this.#name = name;
  }

  /** Sends so many requests one after the other; some of their events are late by hours. */
  async burst(requests: number): Promise<void> {
    for (let at = 0; at < requests; at++) await this.#request(at % 5 === 0);
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      await Promise.all([this.#request(false), sleep(EVERY_MS)]);
    }
  }

  async #request(hasLate: boolean): Promise<void> {
    for (const topic of ["user-events", "shop-events"] as const) {
      const events = Array.from({ length: BATCH }, (_, at) =>
        this.#event(topic, hasLate && at < 3),
      );
      const body = events.map((event) => JSON.stringify(event)).join("\n");
      for (const url of this.way()) await this.#post(url, topic, body);
      this.sent.set(topic, (this.sent.get(topic) ?? 0) + events.length);
    }
  }

  async #post(url: string, topic: string, body: string): Promise<void> {
    const answer = await fetch(`${url}/v1/events?topic=${topic}`, {
      method: "POST",
      headers: { authorization: "Bearer dev" },
      body,
    }).catch((error: unknown) => new Response(String(error), { status: 599 }));
    const text = await answer.text();
    if (answer.status !== 200 || /"quarantined"|"refused"/.test(text)) {
      this.refused.push(`${url}: ${answer.status} ${text.slice(0, 300)}`);
    }
  }

  #event(topic: "user-events" | "shop-events", isLate: boolean): object {
    const random = this.#random;
    const user = random.integer(PEOPLE);
    const lateMs = isLate ? 7_200_000 : random.integer(2_000);
    const common = {
      event_id: `${this.#name}-${topic}-${random.integer(2 ** 47)}`,
      user_id: `user-${user}`,
      timestamp: new Date(Date.now() - lateMs).toISOString(),
    };
    const price = `${random.integer(90) + 1}.5`;
    if (topic === "shop-events") {
      return {
        ...common,
        event_type: "purchase",
        properties: { product_id: `p${random.integer(9)}`, price, quantity: 2, currency: "EUR" },
        transaction: { order_id: common.event_id, total_amount: price, payment_method: "card" },
      };
    }
    return {
      ...common,
      session_id: `s${user}`,
      event_type: TYPES[random.integer(TYPES.length)],
      properties: {
        page_url: `https://shop.example/${random.integer(12)}`,
        price,
        currency: "EUR",
      },
    };
  }
}
