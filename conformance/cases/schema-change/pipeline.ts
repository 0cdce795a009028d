import {
  avg, count, countDistinct, countIf, cube, event, max, metric, min, model, pipeline, ratio, session, sliding, sum, t,
  tumbling,
} from "millrace";

export const about =
  "Events of an earlier schema stay readable: a column that they lack is null, in conditions, " +
  "dimensions and aggregates, within one window with events of the new schema.";

export const shows = {
  "node event": ["schema change"],
  "node metric": ["schema change"],
  "node model": ["schema change"],
  "node cube": ["schema change"],
  "window tumbling": ["schema change"],
  "window sliding": ["schema change"],
  "window session": ["schema change"],
  "aggregate count": ["schema change"],
  "aggregate sum": ["schema change"],
  "aggregate min": ["schema change"],
  "aggregate max": ["schema change"],
  "aggregate avg": ["schema change"],
  "aggregate countDistinct": ["schema change"],
  "aggregate ratio": ["schema change"],
  "expression field": ["schema change"],
  "expression compare": ["schema change"],
  "expression isNull": ["schema change"],
  "expression coalesce": ["schema change"],
  "expression arithmetic": ["schema change"],
} as const;

// Two new columns, one of them between the old ones.
const orders = event(
  "orders",
  {
    event_id: t.id(),
    at: t.timestamp(),
    user: t.string(),
    coupon: t.string().optional(),
    price: t.decimal(10, 2),
    pieces: t.integer().optional(),
    discount: t.decimal(10, 2).optional(),
  },
  { id: "event_id", time: "at", key: "user" },
);
const { user, coupon, price, pieces, discount } = orders.fields;
const from = orders;

export default pipeline({
  name: "schema-change",
  events: [orders],
  metrics: [
    metric("coupons", {
      from,
      by: { coupon },
      window: tumbling("1h"),
      measures: {
        n: count(), total: sum(price), given: sum(discount), least: min(discount), most: max(discount),
        mean: avg(discount), pieces: sum(pieces),
      },
    }),
    metric("moving", {
      from,
      window: sliding("1h", "1h"),
      measures: {
        coupons: countDistinct(coupon),
        without: countIf(coupon.isNull()),
        small: countIf(discount.lt(1)),
        net: sum(price.minus(discount.or(0))),
        share: ratio(sum(discount), sum(price)),
      },
    }),
    metric("sessions", { from, by: { user }, window: session("10m"), measures: { n: count(), given: sum(discount) }, emit: "change" }),
  ],
  models: [model("days", { from, by: { coupon }, measures: { n: count(), given: sum(discount) } })],
  cubes: [cube("hours", { from, every: "hour", by: { coupon }, measures: { n: count(), pieces: sum(pieces) } })],
});
