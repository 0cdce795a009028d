import { count, event, metric, pipeline, rule, session, stream, sum, t, table, tumbling } from "millrace";

export const about =
  "A stream is made at the door: what its where is true of, joined with the table as it is at that " +
  "moment (inner drops what has no row, left keeps it with nulls), same ids, same lateness; a stamped " +
  "lookup never changes later, and no stream waits for one.";

export const shows = {
  "node stream": ["nulls", "decimals", "duplicates", "late by 1 ms", "out of order"],
  "node table": ["nulls", "duplicates"],
  "node metric": ["nulls", "late by 1 ms"],
  "node rule": ["nulls"],
  "expression exists": ["nulls"],
  "expression arithmetic": ["decimals"],
} as const;

const orders = event(
  "orders",
  { event_id: t.id(), at: t.timestamp(), user: t.string().optional(), price: t.decimal(10, 2), pieces: t.integer().optional() },
  { id: "event_id", time: "at", key: "user" },
);
const users = table("users", { user: t.string().subject(), country: t.string().optional() }, { key: "user" });
const { user, price, pieces } = orders.fields;

const known = stream("known-orders", {
  from: orders,
  where: pieces.gt(0),
  join: { table: users, on: user, type: "inner" },
  select: { user, amount: price.times(pieces), country: users.fields.country },
});
const all = stream("all-orders", {
  from: orders,
  join: { table: users, on: user, type: "left" },
  select: { price, country: users.fields.country },
});

export default pipeline({
  name: "streams-and-tables",
  events: [orders],
  tables: [users],
  streams: [known, all],
  rules: [rule("known-user", { on: orders, expect: user.existsIn(users), severity: "warn" })],
  metrics: [
    metric("known", { from: known, by: { country: known.fields.country }, window: tumbling("1h"), measures: { n: count(), amount: sum(known.fields.amount) } }),
    metric("all", { from: all, by: { country: all.fields.country }, window: session("1h"), measures: { n: count(), total: sum(all.fields.price) }, emit: "change" }),
    metric("by-known", { from: orders, by: { isKnown: user.existsIn(users) }, window: tumbling("1h"), measures: { n: count() } }),
  ],
});
