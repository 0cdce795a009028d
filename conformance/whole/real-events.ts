import { dataSet } from "../../stress/real-data/data-set.ts";
import { duckQuery } from "../../stress/real-data/duck.ts";

/** What somebody really did, without the time at which we say it. */
export interface RealEvent {
  readonly topic: "user-events" | "shop-events";
  /** As the topic declares it, but for its id and time. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** Real events in the order in which they happened, and the people whom the table is to know. */
export interface RealInput {
  readonly events: readonly RealEvent[];
  readonly people: readonly { readonly user_id: string; readonly country: string }[];
}

const orders = dataSet(
  "online-retail/online_retail.csv.gz",
  "online-retail/sample/online-retail-first-2000.csv.gz",
);
const visits = dataSet(
  "retentioneering-ecom/ecom.csv.gz",
  "shop-sessions/sample/ecom-40-users.csv.gz",
);

/** Lines of invoices that become events; together with the visits more than 200,000. */
const LINES = 180_000;
/** Of so many lines, one is what a person did on the site; the others the shop's server tells. */
const ON_SITE_EVERY = 3;

const LINES_SQL = `SELECT InvoiceNo AS invoice, StockCode AS product, CAST(Quantity AS BIGINT) AS quantity,
  UnitPrice AS price, coalesce(regexp_replace(CustomerID, '\\.0$', ''), 'guest-' || InvoiceNo) AS person,
  Country AS country, CAST(CAST(UnitPrice AS DECIMAL(18, 4)) * CAST(Quantity AS BIGINT) AS VARCHAR) AS total
  FROM read_csv('${orders.file}', all_varchar = true, nullstr = '', parallel = false) LIMIT ${LINES}`;

const VISITS_SQL = `SELECT user_id AS person, session_id AS session, event, platform
  FROM read_csv('${visits.file}', all_varchar = true, parallel = false) ORDER BY timestamp`;

/** The lines of a shop's invoices and the visits to another one, mingled evenly. */
export async function readRealEvents(): Promise<RealInput> {
  const lines = (await duckQuery(LINES_SQL)) as unknown as readonly Line[];
  const steps = (await duckQuery(VISITS_SQL)) as unknown as readonly Step[];
  const fromLines = lines.map((line, at) => (at % ON_SITE_EVERY === 0 ? onSite(line) : told(line)));
  const fromSteps = steps.map((step, at) => visited(step, lines[at % lines.length]!));
  const countries = new Map(lines.map(({ person, country }) => [person, country]));
  return {
    events: mingled(fromLines, fromSteps),
    people: [...countries]
      .filter(([person]) => !person.startsWith("guest-"))
      .map(([user_id, country]) => ({ user_id, country })),
  };
}

interface Line {
  readonly invoice: string;
  readonly product: string;
  readonly quantity: string;
  readonly price: string;
  readonly person: string;
  readonly country: string;
  readonly total: string;
}

interface Step {
  readonly person: string;
  readonly session: string;
  readonly event: string;
  readonly platform: string;
}

const isRefund = ({ invoice }: Line): boolean => invoice.startsWith("C");

const told = (line: Line): RealEvent => ({
  topic: "shop-events",
  members: {
    user_id: line.person,
    event_type: isRefund(line) ? "refund" : "purchase",
    properties: {
      product_id: line.product,
      price: line.price,
      quantity: Number(line.quantity),
      currency: "GBP",
    },
    transaction: { order_id: line.invoice, total_amount: line.total, payment_method: "invoice" },
  },
});

/** A price of zero breaks the shop's rule, and there are some. */
const onSite = (line: Line): RealEvent => ({
  topic: "user-events",
  members: {
    user_id: line.person,
    session_id: line.invoice,
    event_type: isRefund(line) ? "click" : "purchase",
    properties: {
      page_url: `https://shop.example/products/${line.product}`,
      location: { country: line.country },
      price: line.price,
      currency: "GBP",
    },
  },
});

const visited = ({ person, session, event, platform }: Step, line: Line): RealEvent => ({
  topic: "user-events",
  members: {
    anonymous_id: person,
    session_id: session,
    event_type: event === "purchase" ? "purchase" : "page_view",
    properties: {
      page_url: `https://shop.example/${event}`,
      ...(event === "purchase" && { price: line.price, currency: "GBP" }),
    },
    context: { platform: platform === "ios" || platform === "android" ? platform : "web" },
  },
});

/** Both lists in their order, spread over one another. */
function mingled<Item>(long: readonly Item[], short: readonly Item[]): readonly Item[] {
  const all: Item[] = [];
  let next = 0;
  for (const [at, item] of long.entries()) {
    all.push(item);
    const due = Math.floor(((at + 1) * short.length) / long.length);
    while (next < due) all.push(short[next++]!);
  }
  return all;
}
