import type { Clock } from "../src/core/clock.ts";
import { seededRandom } from "../src/core/random.ts";
import { createVisitors, type SimulatedDocument } from "./shop-visitors.ts";

export interface TrafficOptions {
  /** Where the collector is, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly writeKey: string;
  /** Events a second, about. */
  readonly rate: number;
  readonly seed: number;
  readonly clock: Clock;
}

/** Simulated traffic under way. */
export interface Traffic {
  stop(): Promise<void>;
}

const TICK_MS = 500;

/**
 * Sends the traffic of a small shop to a collector, as clients do: in batches, over HTTP, again
 * when it failed, and now and then twice.
 */
export function startShopTraffic(options: TrafficOptions): Traffic {
  const random = seededRandom(options.seed);
  const visitors = createVisitors(random);
  let stopped = false;
  let sending = Promise.resolve();

  const tick = async (): Promise<void> => {
    const documents = visitors.moment((options.rate * TICK_MS) / 1_000, options.clock.nowMs());
    const byTopic = Map.groupBy(documents, (each) => each.topic);
    for (const [topic, group] of byTopic) {
      await send(options, topic, group);
      if (random.integer(60) === 0) await send(options, topic, group); // an impatient client
    }
  };
  const timer = setInterval(() => {
    sending = sending.then(() => (stopped ? undefined : tick().catch(() => undefined)));
  }, TICK_MS);
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await sending;
    },
  };
}

async function send(
  options: TrafficOptions,
  topic: string,
  group: readonly SimulatedDocument[],
): Promise<void> {
  const body = group.map((each) => JSON.stringify(each.document)).join("\n");
  const answer = await fetch(`${options.url}/v1/events?topic=${topic}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${options.writeKey}`,
      "content-type": "application/x-ndjson",
    },
    body,
  });
  await answer.arrayBuffer();
}
