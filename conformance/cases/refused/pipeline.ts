import { avg, countDistinct, event, lower, max, metric, pipeline, sliding, sum, t, tumbling } from "millrace";

export const about =
  "What has no exact answer is refused with the node and the field: sums of floats, extremes of texts, " +
  "amounts over several currencies, windows that don't align, the door's functions in an engine.";

export const shows = {} as const;

const sales = event(
  "sales",
  {
    event_id: t.id(),
    at: t.timestamp(),
    name: t.string(),
    heat: t.float(),
    price: t.money(10, 2, "currency"),
    currency: t.string(),
  },
  { id: "event_id", time: "at", key: "name" },
);
const { name, heat, price } = sales.fields;
const from = sales;
const window = tumbling("1h");

export default pipeline({
  name: "refused",
  events: [sales],
  metrics: [
    // The types refuse the first two already.
    metric("floats", { from, window, measures: { total: sum(heat as never), mean: avg(heat as never) } }),
    metric("texts", { from, window, measures: { most: max(name as never), heats: countDistinct(heat as never) } }),
    metric("currencies", { from, window, measures: { total: sum(price) } }),
    metric("uneven", { from, window: sliding("10m", "4m"), measures: { total: sum(price).where(sales.fields.currency.is("EUR")) } }),
    metric("lowered", { from, by: { name: lower(name) }, window, measures: { total: max(price) } }),
  ],
});
