import { seededRandom, type Random } from "../../src/core/random.ts";

/**
 * Where the parts lie that the load generator writes anew: every line begins with
 * `{"event_id":"<36>","timestamp":"<24>",`.
 */
export const LINE = { idAt: 13, timeAt: 64 } as const;

export interface LineOptions {
  readonly seed: number;
  readonly users: number;
  /** People on the site at a time. */
  readonly visits: number;
}

interface Visit {
  user: number;
  known: boolean;
  session: string;
  stepsLeft: number;
  page: string;
  /** Where the visitor came from; empty when nobody knows. */
  readonly landing: string;
  referrer: string;
}

/**
 * Gives one JSON line after the other, of what visitors of a shop do: about 500 bytes each, as
 * `examples/shop` declares its `user-events`. The same for the same seed.
 */
export function eventLines({ seed, users, visits }: LineOptions): (timeMs: number) => string {
  const random = seededRandom(seed);
  const present = Array.from({ length: visits }, () => arrival(random, users));
  return (timeMs) => {
    const visit = present[random.integer(visits)]!;
    if (visit.stepsLeft-- <= 0) Object.assign(visit, arrival(random, users));
    return line(visit, random, timeMs);
  };
}

const PLACES = [
  `"country":"DE","region":"Berlin","city":"Berlin"`,
  `"country":"FR","region":"Île-de-France","city":"Paris"`,
  `"country":"US","region":"California","city":"Oakland"`,
  `"country":"JP","region":"Tokyo","city":"Shibuya"`,
  `"country":"BR","region":"Sao Paulo","city":"Campinas"`,
];
const AGENTS = [
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile Safari/604.1",
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
];
const DEVICES = [
  [`"mobile"`, `"platform":"ios","screen_resolution":"390x844"`],
  [`"desktop"`, `"platform":"web","screen_resolution":"1920x1080"`],
  [`"tablet"`, `"platform":"web","screen_resolution":"1024x768"`],
];
const CATEGORIES = ["kitchen", "furniture", "lighting", "outdoor", "clothing", "stationery"];
const PRODUCTS = 3_000;

function arrival(random: Random, users: number): Visit {
  const landing = random.next() < 0.5 ? "https://www.search.example/results?q=desk" : "";
  return {
    user: random.integer(users),
    known: random.next() < 0.7,
    session: uuid(random),
    stepsLeft: 3 + random.integer(16),
    page: "",
    landing,
    referrer: "",
  };
}

function line(visit: Visit, random: Random, timeMs: number): string {
  const chance = random.next();
  const type = typeOf(chance);
  if (type === "page_view") {
    visit.referrer = visit.page === "" ? visit.landing : `https://shop.example${visit.page}`;
    visit.page = pageOf(random);
  }
  const { user } = visit;
  const who = visit.known ? `"user_id":"user-${user}"` : `"anonymous_id":"anonymous-${user}"`;
  const name = type === "custom" ? `,"event_name":"Searched"` : "";
  const isTold = type === "page_view" && visit.referrer !== "";
  const referrer = isTold ? `,"referrer":"${visit.referrer}"` : "";
  const agent = type === "click" ? "" : `,"user_agent":"${AGENTS[user % AGENTS.length]}"`;
  const [device, platform] = DEVICES[user % DEVICES.length]!;
  const price =
    type === "purchase"
      ? `,"price":${((100 + random.integer(30_000)) / 100).toFixed(2)},"currency":"EUR"`
      : "";
  return (
    `{"event_id":"${uuid(random)}","timestamp":"${timeText(timeMs)}",${who},` +
    `"session_id":"${visit.session}","event_type":"${type}"${name},"properties":{"page_url":` +
    `"https://shop.example${visit.page}"${referrer}${agent},` +
    `"device_type":${device},"location":{${PLACES[user % PLACES.length]}}${price}},` +
    `"context":{"app_version":"4.2.${user % 7}",${platform}}}`
  );
}

const typeOf = (chance: number): string => {
  if (chance < 0.62) return "page_view";
  if (chance < 0.86) return "click";
  if (chance < 0.92) return "custom";
  return chance < 0.97 ? "purchase" : "signup";
};

/** Some pages are seen much more often than others. */
function pageOf(random: Random): string {
  if (random.next() < 0.1) return "/";
  const product = Math.floor(PRODUCTS * random.next() ** 2);
  return `/products/${CATEGORIES[product % CATEGORIES.length]}/item-${product}`;
}

let textMs = Number.NaN;
let text = "";

/** Many events have the same time: its text is made once. */
function timeText(timeMs: number): string {
  if (timeMs !== textMs) text = new Date(timeMs).toISOString();
  textMs = timeMs;
  return text;
}

const HEX = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, "0"));

function uuid(random: Random): string {
  const part = (): string => HEX[random.integer(65_536)]!;
  const variant = `4${part().slice(1)}-8${part().slice(1)}`;
  return `${part()}${part()}-${part()}-${variant}-${part()}${part()}${part()}`;
}
