import type { Case, InputRecord } from "../../../conformance/case.ts";
import shop from "../../../examples/shop/pipeline.ts";
import { seededRandom } from "../../core/random.ts";
import { UNIT_MS } from "../../core/time.ts";
import { topicsOf } from "../../language/plan/topic.ts";

export const FIRST_DAY = "2024-03-09";
export const LAST_DAY = "2024-03-10";
const START = Date.parse(`${FIRST_DAY}T00:00:00Z`);
const END = START + 2 * UNIT_MS.d;
const PARTITIONS = 3;
const EVENTS = 900;
const USERS = 25;

const asText = (ms: number): string => new Date(ms).toISOString();

/**
 * Two days of the shop as its log has them: people known and unknown, sessions, amounts, nulls, and
 * events that are late by minutes and by a day. Time has gone on for an hour after them.
 */
export function shopDays(): Case {
  const random = seededRandom(20_240_309);
  const input: InputRecord[] = [];
  for (let user = 0; user < USERS; user += 2) {
    // Half of the known moved house on the second day.
    for (const [at, country] of [
      [START, "DE"],
      [START + 30 * UNIT_MS.h, "FR"],
    ] as const) {
      if (at > START && user % 4 === 0) continue;
      const event = {
        user_id: `user-${user}`,
        country,
        ...(user % 3 > 0 && { region: `r${user % 5}` }),
      };
      input.push({
        topic: "dim_users",
        partition: user % PARTITIONS,
        received_at: asText(at),
        event: { event_id: `u${user}-${at}`, timestamp: asText(at), ...event },
      });
    }
  }
  for (let at = 0; at < EVENTS; at++) {
    const time = START + random.integer(2 * UNIT_MS.d);
    const user = random.integer(USERS);
    const delay = random.next();
    const lateMs = delay > 0.97 ? UNIT_MS.d : delay > 0.92 ? 20 * UNIT_MS.m : 0;
    const received = Math.min(time + random.integer(5_000) + lateMs, END + 50 * UNIT_MS.m);
    input.push({
      ...eventOf(at, time, user, random.integer(6)),
      partition: user % PARTITIONS,
      received_at: asText(received),
    });
  }
  for (let partition = 0; partition < PARTITIONS; partition++) {
    input.push({ heartbeat: true, partition, received_at: asText(END + UNIT_MS.h) });
  }
  return {
    name: "two days of the shop",
    about: "",
    shows: {},
    plan: shop.plan,
    topics: topicsOf(shop.plan),
    topicsBefore: [],
    input: input.toSorted(
      (one, other) => Date.parse(one.received_at) - Date.parse(other.received_at),
    ),
    partitions: PARTITIONS,
    expected: [],
    listed: new Set(),
  };
}

function eventOf(
  at: number,
  time: number,
  user: number,
  kind: number,
): Pick<InputRecord, "topic" | "event"> {
  const head = { event_id: `e${at}`, timestamp: asText(time) };
  const price = `${1 + (at % 97)}.${String(at % 10_000).padStart(4, "0")}`;
  if (kind === 0) {
    const properties = { product_id: `p${at % 7}`, price, quantity: 1 + (at % 3), currency: "EUR" };
    return {
      topic: "shop-events",
      event: { ...head, user_id: `user-${user}`, event_type: "purchase", properties },
    };
  }
  const isPurchase = kind === 1;
  const who = user % 7 === 3 ? { anonymous_id: `nobody-${user}` } : { user_id: `user-${user}` };
  return {
    topic: "user-events",
    event: {
      ...head,
      ...who,
      ...(kind > 1 && { session_id: `s${user}-${Math.floor(time / (6 * UNIT_MS.h))}` }),
      ...(isPurchase && { session_id: `s${user}-${Math.floor(time / (6 * UNIT_MS.h))}` }),
      event_type: isPurchase ? "purchase" : kind === 2 ? "click" : "page_view",
      properties: isPurchase
        ? { price, currency: "EUR" }
        : kind === 2
          ? {}
          : { page_url: `https://shop.example/${at % 9}` },
    },
  };
}
