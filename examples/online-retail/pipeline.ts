import {
  count,
  countDistinct,
  cube,
  day,
  event,
  metric,
  model,
  pipeline,
  rule,
  sum,
  t,
  tumbling,
} from "millrace";

/** One line of an invoice of a UK gift shop, 2010–2011. */
export const lines = event(
  "invoice-lines",
  {
    event_id: t.id(),
    customer_id: t.string().subject().optional(),
    event_type: t.oneOf("purchase", "refund", "adjustment"),
    timestamp: t.timestamp({ zone: "Europe/London" }),
    invoice: t.string(),
    stock_code: t.string(),
    description: t.string().optional(),
    quantity: t.integer().clean("coerce"),
    unit_price: t.decimal(18, 4),
    country: t.string(),
  },
  { id: "event_id", time: "timestamp", key: ["customer_id", "invoice"] },
);

const { event_type, customer_id, invoice, quantity, unit_price, country, stock_code } =
  lines.fields;
const amount = unit_price.times(quantity);

export const revenue = metric("revenue-by-day", {
  from: lines,
  by: { country, event_type },
  window: tumbling("1d"),
  measures: {
    lines: count(),
    items: sum(quantity),
    amount: sum(amount),
    sold: sum(amount).where(quantity.gt(0)),
    refunded: sum(amount).where(quantity.lt(0)),
  },
});

export const reach = metric("reach-by-day", {
  from: lines,
  window: tumbling("1d"),
  measures: { invoices: countDistinct(invoice), customers: countDistinct(customer_id) },
});

/** Adjustments of bad debt are the only lines with a price below zero. */
export const price = rule("price-not-negative", {
  on: lines,
  when: event_type.isNot("adjustment"),
  expect: unit_price.gte(0),
  severity: "warn",
});

/** What each customer bought on a day. */
export const customerDays = model("customer_days", {
  from: lines,
  where: customer_id.isNotNull(),
  by: { customer_id, date: day() },
  measures: { invoices: countDistinct(invoice), items: sum(quantity), amount: sum(amount) },
});

export const products = cube("products", {
  from: lines,
  every: "day",
  by: { stock_code, country },
  measures: { lines: count(), items: sum(quantity), amount: sum(amount) },
});

export default pipeline({
  name: "online-retail",
  events: [lines],
  metrics: [revenue, reach],
  rules: [price],
  models: [customerDays],
  cubes: [products],
});
