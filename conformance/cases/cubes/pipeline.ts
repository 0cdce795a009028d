import { avg, count, countDistinct, cube, event, max, min, pipeline, ratio, sum, t } from "millrace";

export const about =
  "A cube has a row an hour or a day and group, of all events, late and imported ones as they come; " +
  "quotients are divided once; what doesn't fit is null and the row incomplete.";

export const shows = {
  "node cube": ["nulls", "decimals", "overflow", "out of order", "late by 1 ms", "not late", "day's edge"],
  "node event": ["decimals", "overflow"],
  "expression compare": ["nulls"],
} as const;

const sales = event(
  "sales",
  {
    event_id: t.id(),
    at: t.timestamp(),
    kind: t.oneOf("buy", "look"),
    country: t.string().optional(),
    user: t.string().optional(),
    price: t.decimal(38, 2).optional(),
  },
  { id: "event_id", time: "at", key: "user" },
);
const { kind, country, user, price } = sales.fields;

export default pipeline({
  name: "cubes",
  events: [sales],
  cubes: [
    cube("daily", {
      from: sales,
      every: "day",
      by: { kind, country },
      measures: {
        n: count(), people: countDistinct(user), revenue: sum(price), least: min(price), most: max(price),
        mean: avg(price), each: ratio(sum(price), count()),
      },
    }),
    cube("hourly", { from: sales, where: country.is("DE"), every: "hour", by: {}, measures: { n: count(), few: countDistinct(user, { limit: 1 }) } }),
  ],
});
