import { count, countDistinct, event, max, metric, min, pipeline, sum, t, tumbling } from "millrace";

export const about =
  "or takes the first value that isn't null, of texts, integers, amounts, times and floats; " +
  "arithmetic with null is null; mixed scales keep all their places; the minus sign survives.";

export const shows = {
  "expression coalesce": ["nulls", "decimals"],
  "expression arithmetic": ["nulls", "decimals"],
  "expression field": ["nulls", "decimals"],
  "expression literal": ["nulls", "decimals"],
} as const;

const lines = event(
  "lines",
  {
    event_id: t.id(),
    at: t.timestamp(),
    user: t.string().optional(),
    guest: t.string().optional(),
    pieces: t.integer().optional(),
    price: t.decimal(12, 2).optional(),
    tax: t.decimal(12, 4).optional(),
    heat: t.float().optional(),
    due: t.timestamp().optional(),
  },
  { id: "event_id", time: "at", key: "user" },
);
const { user, guest, pieces, price, tax, heat, due, at } = lines.fields;

export default pipeline({
  name: "coalesce-and-arithmetic",
  events: [lines],
  metrics: [
    metric("people", {
      from: lines,
      by: { person: user.or(guest).or("nobody") },
      window: tumbling("1h"),
      measures: { n: count() },
    }),
    metric("amounts", {
      from: lines,
      window: tumbling("1h"),
      measures: {
        pieces_or_one: sum(pieces.or(1)),
        price_or_tax: sum(tax.or(price)),
        price_or_zero: sum(price.or("0.5")),
        gross: sum(price.plus(tax)),
        net: sum(price.minus(tax)),
        paid: sum(price.times(pieces)),
        taxed: sum(price.times(tax)),
        least: min(pieces.minus(10)),
        doubled: max(pieces.times(2).plus("1")),
        warmest: max(heat.times(2)),
        coldest: min(heat.plus(pieces)),
        latest: max(due.or(at)),
        guests: countDistinct(user.or(guest)),
      },
    }),
  ],
});
