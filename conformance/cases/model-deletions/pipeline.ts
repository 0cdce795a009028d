import { count, countDistinct, day, event, model, pipeline, sum, t, table } from "millrace";

export const about =
  "A version of a table's row may say that it was deleted: from its time on nobody finds the key, until a version " +
  "says it anew. A model of day D joins the row if it was there at the end of D.";

export const shows = {
  "node table": ["day's edge", "nulls", "out of order"],
} as const;

const orders = event(
  "orders",
  { event_id: t.id(), at: t.timestamp(), user: t.string(), price: t.decimal(10, 2) },
  { id: "event_id", time: "at", key: "user" },
);
const users = table("users", { user: t.string(), country: t.string(), limit: t.decimal(10, 2).optional() }, { key: "user" });
const { user, price } = orders.fields;
const { country, limit } = users.fields;

export default pipeline({
  name: "model-deletions",
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
