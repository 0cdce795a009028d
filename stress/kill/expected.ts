import type { MadeEvent } from "./made-event.ts";

/**
 * What the served views of `examples/shop` must show of a set of events, worked out anew and without
 * any of the pipeline's code. A row is one text; amounts are exact.
 */
export interface Expected {
  readonly metrics: Readonly<Record<string, string[]>>;
  /** Cube `traffic`. */
  readonly traffic: string[];
  /** Derived stream `paid-orders`: count and the sum of the amounts. */
  readonly paidOrders: { readonly n: number; readonly amount: string };
}

const MINUTE_MS = 60_000;
const PRICE_SCALE = 4;
const QUOTIENT_SCALE = 6;

/** A row's values in the order of their names, as one text. */
export const rowText = (row: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(row).toSorted(([left], [right]) => (left < right ? -1 : 1)));

/** An exact amount in units of 10^-scale as text. */
export function amountText(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const at = digits.length - scale;
  return `${units < 0n ? "-" : ""}${digits.slice(0, at)}.${digits.slice(at)}`;
}

const time = (ms: number): string => new Date(ms).toISOString();

/** `top / bottom` with six places, halves away from zero; both are positive here. */
function quotientText(top: bigint, bottom: bigint, topScale = 0): string | null {
  if (bottom === 0n) return null;
  const scaled = top * 10n ** BigInt(QUOTIENT_SCALE - topScale);
  return amountText((2n * scaled + bottom) / (2n * bottom), QUOTIENT_SCALE);
}

const sumOf = (values: readonly bigint[]): bigint => values.reduce((sum, each) => sum + each, 0n);
const sumText = (values: readonly bigint[]): string | null =>
  values.length === 0 ? null : amountText(sumOf(values), PRICE_SCALE);
const purchases = (events: readonly MadeEvent[]): bigint[] =>
  events.flatMap(({ type, price }) => (type === "purchase" && price !== null ? [price] : []));
const countOf = (events: readonly MadeEvent[], type: string): number =>
  events.filter((event) => event.type === type).length;

/** The views of these events. */
export function expectedOf(user: readonly MadeEvent[], shop: readonly MadeEvent[]): Expected {
  const orders = shop.filter(({ type }) => type === "purchase");
  return {
    metrics: {
      "page-view-counts": pageViews(user),
      "session-metrics": sessions(user),
      "conversion-rates": conversion(user),
      "event-volume": volume(user),
      "shop-revenue": shopRevenue(shop),
    },
    traffic: traffic(user),
    paidOrders: {
      n: orders.length,
      amount: amountText(
        sumOf(orders.map(({ price, quantity }) => price! * quantity)),
        PRICE_SCALE,
      ),
    },
  };
}

/** Rows of the groups of events in aligned windows. */
function windowed(
  events: readonly MadeEvent[],
  windowsOf: (event: MadeEvent) => readonly (readonly [number, number])[],
  by: (event: MadeEvent) => Record<string, unknown>,
  measures: (events: readonly MadeEvent[]) => Record<string, unknown>,
): string[] {
  const placed = events.flatMap((event) =>
    windowsOf(event).map(([start, end]) => ({
      event,
      row: { window_start: time(start), window_end: time(end), ...by(event) },
    })),
  );
  const groups = Map.groupBy(placed, ({ row }) => rowText(row));
  return [...groups.values()].map((group) =>
    rowText({ ...group[0]!.row, ...measures(group.map(({ event }) => event)) }),
  );
}

const tumbling = (size: number) => (event: MadeEvent) => {
  const start = event.time - (event.time % size);
  return [[start, start + size] as const];
};

function sliding({ time: at }: MadeEvent): (readonly [number, number])[] {
  const newest = at - (at % MINUTE_MS);
  return Array.from({ length: 10 }, (_, back) => {
    const start = newest - back * MINUTE_MS;
    return [start, start + 10 * MINUTE_MS] as const;
  });
}

const pageViews = (events: readonly MadeEvent[]): string[] =>
  windowed(
    events.filter(({ type }) => type === "page_view"),
    tumbling(5 * MINUTE_MS),
    ({ pageUrl }) => ({ page_url: pageUrl }),
    (group) => ({ views: group.length }),
  );

const conversion = (events: readonly MadeEvent[]): string[] =>
  windowed(
    events.filter(({ type }) => type === "page_view" || type === "purchase"),
    tumbling(5 * MINUTE_MS),
    ({ user }) => ({ user_id: user }),
    (group) => ({
      rate: quotientText(BigInt(countOf(group, "purchase")), BigInt(countOf(group, "page_view"))),
    }),
  );

const volume = (events: readonly MadeEvent[]): string[] =>
  windowed(
    events,
    sliding,
    ({ type }) => ({ event_type: type }),
    (group) => ({ events: group.length }),
  );

const shopRevenue = (events: readonly MadeEvent[]): string[] =>
  windowed(
    events.filter(({ type }) => type === "purchase" || type === "refund"),
    tumbling(60 * MINUTE_MS),
    ({ currency, type }) => ({ currency, event_type: type }),
    (group) => ({
      revenue: sumText(group.map(({ price, quantity }) => price! * quantity)),
      items: String(sumOf(group.map(({ quantity }) => quantity))),
      average_price: quotientText(
        sumOf(group.map(({ price }) => price!)),
        BigInt(group.length),
        PRICE_SCALE,
      ),
    }),
  );

function sessions(events: readonly MadeEvent[]): string[] {
  const rows: string[] = [];
  for (const [user, own] of Map.groupBy(events, (event) => event.user)) {
    let session: MadeEvent[] = [];
    const end = (): void => {
      if (session.length > 0) rows.push(sessionRow(user, session));
      session = [];
    };
    for (const event of own.toSorted((left, right) => left.time - right.time)) {
      const last = session.at(-1);
      if (last !== undefined && event.time - last.time > 30 * MINUTE_MS) end();
      session.push(event);
    }
    end();
  }
  return rows;
}

const sessionRow = (user: string, events: readonly MadeEvent[]): string =>
  rowText({
    window_start: time(events[0]!.time),
    window_end: time(events.at(-1)!.time),
    user_id: user,
    events: events.length,
    pages: new Set(events.flatMap(({ pageUrl }) => pageUrl ?? [])).size,
    revenue: sumText(purchases(events)),
  });

function traffic(events: readonly MadeEvent[]): string[] {
  const dimensions = ({ time: at, type, pagePath, platform }: MadeEvent) => ({
    day: time(at).slice(0, 10),
    event_type: type,
    page_path: pagePath,
    platform,
  });
  return [...Map.groupBy(events, (event) => rowText(dimensions(event))).values()].map((group) =>
    rowText({
      ...dimensions(group[0]!),
      events: group.length,
      people: new Set(group.map(({ user }) => user)).size,
      revenue: sumText(purchases(group)),
    }),
  );
}
