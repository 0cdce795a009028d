import { seededRandom } from "../../src/core/random.ts";

/** One request. */
export interface Body {
  readonly topic: "visits" | "orders";
  readonly body: string;
  readonly events: number;
}

const PEOPLE = 3_000;
const PAGES = 1_000;
const BODY_EVENTS = 250;
/** Of so many visits, one person orders something. */
const ORDER_EVERY = 50;
const SEED = 1;

/** Visits, and some orders, about now; the same ones with the same ids whenever it is. */
export function bodiesOf(visits: number, name: string, nowMs: number): readonly Body[] {
  const random = seededRandom(SEED);
  const at = new Date(nowMs).toISOString();
  const lines = Array.from({ length: visits }, (_, index) => {
    const person = `person-${random.integer(PEOPLE)}`;
    const page = `/page-${random.integer(PAGES)}`;
    return JSON.stringify({ visit_id: `${name}-${index}`, person, page, at });
  });
  const ordered = Array.from({ length: Math.floor(visits / ORDER_EVERY) }, (_, index) =>
    JSON.stringify({
      ...{ order_id: `${name}-${index}`, person: `person-${random.integer(PEOPLE)}` },
      ...{ amount: (random.integer(10_000) / 100).toFixed(2), at },
    }),
  );
  return [...inBodies("visits", lines), ...inBodies("orders", ordered)];
}

function inBodies(topic: Body["topic"], lines: readonly string[]): readonly Body[] {
  const count = Math.ceil(lines.length / BODY_EVENTS);
  return Array.from({ length: count }, (_, body) => {
    const own = lines.slice(body * BODY_EVENTS, (body + 1) * BODY_EVENTS);
    return { topic, body: own.join("\n"), events: own.length };
  });
}
