import { count, countDistinct, day, event, model, pipeline, sum, t, table } from "millrace";

export const about =
  "A model of day D joins a table as of the end of D: the last version before midnight, not the one of " +
  "midnight; inner leaves out whom the table doesn't know yet, left keeps them with nulls.";

export const shows = {
  "node table": ["day's edge", "nulls", "decimals", "out of order"],
  "node model": ["day's edge", "nulls", "decimals", "out of order"],
  "expression day": ["day's edge"],
} as const;

const orders = event(
  "orders",
  { event_id: t.id(), at: t.timestamp(), user: t.string(), price: t.decimal(10, 2) },
  { id: "event_id", time: "at", key: "user" },
);
const users = table("users", { user: t.string().subject(), country: t.string().optional(), limit: t.decimal(10, 2).optional() }, { key: "user" });
const { user, price } = orders.fields;
const { country, limit } = users.fields;

export default pipeline({
  name: "model-joins",
  events: [orders],
  tables: [users],
  models: [
    model("by-country", {
      from: orders,
      join: { table: users, on: user, type: "inner" },
      by: { country, date: day() },
      measures: { orders: count(), revenue: sum(price), people: countDistinct(user) },
    }),
    model("everyone", {
      from: orders,
      join: { table: users, on: user, type: "left" },
      by: { user, country },
      measures: { orders: count(), limits: sum(limit) },
    }),
  ],
});
