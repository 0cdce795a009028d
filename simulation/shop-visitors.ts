import { randomUUID } from "node:crypto";
import type { Random } from "../src/core/random.ts";

/** A document for `POST /v1/events`, with the topic or table it belongs to. */
export interface SimulatedDocument {
  readonly topic: "user-events" | "shop-events" | "dim_users";
  readonly document: Record<string, unknown>;
}

const PRODUCTS = [
  ["espresso-cups", "kitchen", "24.0000"],
  ["walnut-desk", "furniture", "389.0000"],
  ["linen-throw", "home", "64.5000"],
  ["trail-bottle", "outdoor", "19.9500"],
  ["desk-lamp", "lighting", "79.0000"],
  ["wool-socks", "clothing", "14.2500"],
  ["field-notes", "stationery", "11.9000"],
  ["cast-iron-pan", "kitchen", "52.0000"],
] as const;

const PLACES = [
  ["DE", "Berlin", "Berlin"],
  ["DE", "Bavaria", "Munich"],
  ["FR", "Île-de-France", "Paris"],
  ["US", "California", "Oakland"],
  ["US", "New York", "New York"],
  ["JP", "Kantō", "Tokyo"],
  ["BR", "São Paulo", "Campinas"],
] as const;

const REFERRERS = ["https://search.example/", "https://news.example/gifts", null, null];
const USERS = 400;

/** One visit under way. */
interface Visit {
  readonly user: string | null;
  readonly anonymous: string;
  readonly session: string;
  readonly place: (typeof PLACES)[number];
  readonly device: "mobile" | "desktop" | "tablet";
  stepsLeft: number;
  page: string;
}

/** Visitors of a shop: who browses, and what each does next. The same for the same seed. */
export function createVisitors(random: Random) {
  const visits: Visit[] = [];
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;

  const arrive = (nowMs: number): { visit: Visit; first: SimulatedDocument[] } => {
    const number = random.integer(USERS);
    const known = random.next() < 0.6;
    const visit: Visit = {
      user: known ? `user-${number}` : null,
      anonymous: `anonymous-${number}`,
      session: randomUUID(),
      place: PLACES[number % PLACES.length]!,
      device: random.next() < 0.55 ? "mobile" : random.next() < 0.85 ? "desktop" : "tablet",
      stepsLeft: 2 + random.integer(9),
      page: "/",
    };
    visits.push(visit);
    const identify = known && number % 5 !== 0 ? [upsert(visit, nowMs)] : [];
    return { visit, first: identify };
  };

  /** What the shop's people do in one moment: about `events` documents. */
  const moment = (events: number, nowMs: number): SimulatedDocument[] => {
    const out: SimulatedDocument[] = [];
    while (out.length < events) {
      if (visits.length < 25 || (visits.length < 60 && random.next() < 0.2)) {
        out.push(...arrive(nowMs).first);
      }
      const visit = pick(visits);
      out.push(...step(visit, nowMs, random, pick));
      visit.stepsLeft -= 1;
      if (visit.stepsLeft <= 0) visits.splice(visits.indexOf(visit), 1);
    }
    return out;
  };
  return { moment };
}

const upsert = (visit: Visit, nowMs: number): SimulatedDocument => ({
  topic: "dim_users",
  document: {
    event_id: randomUUID(),
    timestamp: new Date(nowMs).toISOString(),
    user_id: visit.user,
    country: visit.place[0],
    region: visit.place[1],
    email: `${visit.user}@people.example`,
  },
});

function step(
  visit: Visit,
  nowMs: number,
  random: Random,
  pick: <T>(list: readonly T[]) => T,
): SimulatedDocument[] {
  const chance = random.next();
  const [product, category, price] = pick(PRODUCTS);
  if (chance < 0.62) {
    visit.page = chance < 0.12 ? "/" : chance < 0.22 ? "/cart" : `/products/${product}`;
    return [behaviour(visit, "page_view", nowMs, random)];
  }
  if (chance < 0.8) return [behaviour(visit, "click", nowMs, random)];
  if (chance < 0.84) return [behaviour(visit, "signup", nowMs, random)];
  if (chance < 0.88) {
    return [{ ...behaviour(visit, "custom", nowMs, random, { event_name: "Searched" }) }];
  }
  const quantity = 1 + random.integer(3);
  if (chance < 0.96 || visit.user === null) {
    const type = chance < 0.93 ? "product_view" : "add_to_cart";
    return [order(visit, type, product, category, price, quantity, nowMs)];
  }
  // One purchase in forty has a price that breaks the rule: it goes to the quarantine.
  const paid = random.integer(40) === 0 ? "0" : price;
  return [
    behaviour(visit, "purchase", nowMs, random, {}, { price: paid, currency: "EUR" }),
    order(visit, "purchase", product, category, price, quantity, nowMs),
  ];
}

function behaviour(
  visit: Visit,
  type: string,
  nowMs: number,
  random: Random,
  top: Record<string, unknown> = {},
  properties: Record<string, unknown> = {},
): SimulatedDocument {
  const [country, region, city] = visit.place;
  const document = {
    event_id: randomUUID(),
    ...(visit.user === null ? {} : { user_id: visit.user }),
    anonymous_id: visit.anonymous,
    session_id: visit.session,
    event_type: type,
    ...top,
    timestamp: new Date(nowMs - random.integer(900)).toISOString(),
    properties: {
      page_url: `https://shop.example${visit.page}`,
      referrer: visit.page === "/" ? REFERRERS[random.integer(REFERRERS.length)] : null,
      device_type: visit.device,
      location: { country, region, city },
      ...properties,
    },
    context: {
      app_version: "4.2.0",
      platform: visit.device === "mobile" ? "ios" : "web",
      screen_resolution: visit.device === "desktop" ? "1920x1080" : "390x844",
    },
  };
  return { topic: "user-events", document };
}

function order(
  visit: Visit,
  type: string,
  product: string,
  category: string,
  price: string,
  quantity: number,
  nowMs: number,
): SimulatedDocument {
  const cents = BigInt(price.replace(".", "")) * BigInt(quantity);
  const digits = cents.toString().padStart(5, "0");
  const total = `${digits.slice(0, -4)}.${digits.slice(-4)}`;
  const document = {
    event_id: randomUUID(),
    user_id: visit.user ?? visit.anonymous,
    event_type: type,
    timestamp: new Date(nowMs).toISOString(),
    properties: { product_id: product, category, price, quantity, currency: "EUR" },
    ...(type === "purchase"
      ? { transaction: { order_id: randomUUID(), total_amount: total, payment_method: "card" } }
      : {}),
  };
  return { topic: "shop-events", document };
}
