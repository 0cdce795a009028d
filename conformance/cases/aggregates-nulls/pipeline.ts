import {
  avg, count, countDistinct, countIf, event, max, metric, min, pipeline, ratio, session, sliding, sum, t, tumbling,
} from "millrace";

export const about =
  "count counts events, whatever is null; sum, min, max and avg leave nulls out and are null over " +
  "nothing; countDistinct and counts are 0 over nothing; a ratio keeps what its parts are.";

export const shows = {
  "node event": ["nulls"],
  "node metric": ["nulls"],
  "window tumbling": ["nulls"],
  "window sliding": ["nulls"],
  "window session": ["nulls"],
  "aggregate count": ["nulls"],
  "aggregate sum": ["nulls"],
  "aggregate min": ["nulls"],
  "aggregate max": ["nulls"],
  "aggregate avg": ["nulls"],
  "aggregate countDistinct": ["nulls"],
  "aggregate ratio": ["nulls"],
} as const;

const sales = event(
  "sales",
  {
    event_id: t.id(),
    shop: t.string(),
    at: t.timestamp(),
    price: t.decimal(18, 2).optional(),
    pieces: t.integer().optional(),
    label: t.string().optional(),
    heat: t.float().optional(),
    shipped: t.timestamp().optional(),
  },
  { id: "event_id", time: "at", key: "shop" },
);
const { shop, price, pieces, label, heat, shipped } = sales.fields;

const from = sales;
const by = { shop };
const measures = {
  n: count(),
  cheap: countIf(price.lt(5)),
  total: sum(price),
  pieces_total: sum(pieces),
  least: min(price),
  most: max(pieces),
  hottest: max(heat),
  first: min(shipped),
  mean: avg(price),
  labels: countDistinct(label),
  each: ratio(sum(price), sum(pieces)),
};

export default pipeline({
  name: "aggregates-nulls",
  events: [sales],
  metrics: [
    metric("fixed", { from, by, window: tumbling("10m"), measures }),
    metric("moving", { from, by, window: sliding("10m", "10m"), measures: { n: count(), total: sum(price) } }),
    metric("sessions", { from, by, window: session("1m"), measures: { n: count(), total: sum(price) } }),
  ],
});
