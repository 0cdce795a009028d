import { type Random } from "../../src/core/random.ts";

/** An event as a client sends it, with what the test computes from. */
export interface MadeEvent {
  readonly topic: "user-events" | "shop-events";
  readonly id: string;
  readonly user: string;
  readonly type: string;
  /** ms. */
  readonly time: number;
  readonly pageUrl: string | null;
  /** `page_path` as the door derives it. */
  readonly pagePath: string | null;
  readonly platform: string | null;
  /** In ten-thousandths; null where there is none. */
  readonly price: bigint | null;
  readonly quantity: bigint;
  readonly currency: string;
  /** Its price breaks a rule: it must be quarantined. */
  readonly isBad: boolean;
  readonly json: object;
}

const HOUR_MS = 3_600_000;
/** How far back the late events lie: each in another hour, most of them in another month. */
const LATE_MS = [3 * HOUR_MS, 45 * 24 * HOUR_MS, 80 * 24 * HOUR_MS, 120 * 24 * HOUR_MS];
/** Fresh events are at most so old, far enough from the grace of 5 minutes for a retry. */
const FRESH_AGE_MS = 120_000;
const CURRENCIES = ["EUR", "USD", "CHF"];
const PLATFORMS = ["web", "ios", "android", null];

const pick = <Item>(random: Random, items: readonly Item[]): Item =>
  items[random.integer(items.length)]!;

/** Amounts with four, two and no decimal places. */
const makePrice = (random: Random): bigint => {
  const unit = pick(random, [1n, 100n, 10_000n]);
  return BigInt(1 + random.integer(99_999)) * unit;
};

const priceText = (price: bigint): string =>
  `${price / 10_000n}.${String(price % 10_000n).padStart(4, "0")}`;

/** One batch of events of one topic with new ids, of now or, one in eight, long past. */
export function makeBatch(
  random: Random,
  client: string,
  firstNumber: number,
  nowMs: number,
): MadeEvent[] {
  const size = 1 + random.integer(20);
  const lateMs = random.integer(8) === 0 ? pick(random, LATE_MS) : undefined;
  const isShop = random.integer(4) === 0;
  return Array.from({ length: size }, (_, at) => {
    const age =
      lateMs === undefined ? random.integer(FRESH_AGE_MS) : lateMs + random.integer(60_000);
    const who = `${lateMs === undefined ? "user" : "late"}-${random.integer(12)}`;
    const common = { id: `${client}-${firstNumber + at}`, user: who, time: nowMs - age };
    return isShop ? shopEvent(random, common) : userEvent(random, common);
  });
}

interface Common {
  readonly id: string;
  readonly user: string;
  readonly time: number;
}

function userEvent(random: Random, { id, user, time }: Common): MadeEvent {
  const type = pick(random, ["page_view", "page_view", "page_view", "click", "purchase", "custom"]);
  const isBad = type === "purchase" && random.integer(20) === 0;
  const pagePath = random.integer(10) === 0 ? null : `/p/${random.integer(8)}`;
  const pageUrl =
    pagePath === null ? null : `https://shop.example${pagePath}?q=${random.integer(2)}`;
  const platform = pick(random, PLATFORMS);
  const price = type !== "purchase" ? null : isBad ? 0n : makePrice(random);
  const currency = "EUR";
  return {
    topic: "user-events",
    ...{ id, user, type, time, pageUrl, pagePath, platform, price, quantity: 0n, currency, isBad },
    json: {
      event_id: id,
      [random.integer(2) === 0 ? "user_id" : "anonymous_id"]: user,
      session_id: `${user}-s`,
      event_type: type,
      timestamp: new Date(time).toISOString(),
      properties: {
        ...(pageUrl !== null && { page_url: pageUrl }),
        ...(price !== null && { price: priceText(price), currency }),
      },
      ...(platform !== null && { context: { platform } }),
      note: "not declared: kept beside",
    },
  };
}

function shopEvent(random: Random, { id, user, time }: Common): MadeEvent {
  const type = pick(random, ["product_view", "purchase", "purchase", "refund"]);
  const price = makePrice(random);
  const quantity = BigInt(1 + random.integer(5));
  const currency = pick(random, CURRENCIES);
  return {
    topic: "shop-events",
    ...{ id, user, type, time, price, quantity, currency },
    ...{ pageUrl: null, pagePath: null, platform: null, isBad: false },
    json: {
      event_id: id,
      user_id: user,
      event_type: type,
      timestamp: new Date(time).toISOString(),
      properties: {
        product_id: `product-${random.integer(30)}`,
        price: priceText(price),
        quantity: Number(quantity),
        currency,
      },
    },
  };
}
