import { count, event, metric, pipeline, rule, sum, t, tumbling } from "millrace";

export const about =
  "A rule is broken where its when is true and its expect false; null keeps it, as in SQL's CHECK. " +
  "quarantine keeps the event out of everything, warn and fail only count; the first broken rule is named.";

export const shows = {
  "node rule": ["nulls", "decimals", "duplicates"],
  "expression compare": ["nulls", "decimals"],
  "expression not": ["nulls"],
} as const;

const sales = event(
  "sales",
  { event_id: t.id(), at: t.timestamp(), user: t.string(), price: t.decimal(10, 2).optional(), pieces: t.integer().optional(), gift: t.boolean().optional() },
  { id: "event_id", time: "at", key: "user" },
);
const { price, pieces, gift } = sales.fields;
const on = sales;

export default pipeline({
  name: "rules",
  events: [sales],
  rules: [
    rule("price-above-zero", { on, when: gift.not(), expect: price.gt("0.00"), severity: "quarantine" }),
    rule("at-least-one", { on, expect: pieces.gte(1), severity: "quarantine" }),
    rule("at-most-ten", { on, expect: pieces.lte(10), severity: "warn" }),
    rule("below-a-thousand", { on, expect: price.lt(1000), severity: "fail" }),
  ],
  metrics: [metric("totals", { from: sales, window: tumbling("1h"), measures: { n: count(), total: sum(price) } })],
});
