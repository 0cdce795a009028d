import { avg, count, countDistinct, countIf, event, max, metric, min, pipeline, ratio, sum, t, tumbling } from "millrace";

export const about =
  "A measure's where takes the events for which it is true: not those for which it is false or null; " +
  "two of them must both hold; of a ratio it restricts both parts. The group is there all the same.";

export const shows = {
  "aggregate count": ["nulls"],
  "aggregate sum": ["nulls"],
  "aggregate min": ["nulls"],
  "aggregate max": ["nulls"],
  "aggregate avg": ["nulls"],
  "aggregate countDistinct": ["nulls"],
  "aggregate ratio": ["nulls"],
  "expression compare": ["nulls"],
  "expression and": ["nulls"],
} as const;

const sales = event(
  "sales",
  {
    event_id: t.id(),
    at: t.timestamp(),
    kind: t.oneOf("buy", "look").optional(),
    pieces: t.integer().optional(),
    user: t.string(),
  },
  { id: "event_id", time: "at", key: "user" },
);
const { kind, pieces, user } = sales.fields;
const isBuy = kind.is("buy");
const many = pieces.gte(2);

export default pipeline({
  name: "aggregates-where",
  events: [sales],
  metrics: [
    metric("all", {
      from: sales,
      window: tumbling("1h"),
      measures: {
        n: count(),
        buys: count().where(isBuy),
        big_buys: countIf(isBuy).where(many),
        total: sum(pieces).where(isBuy),
        least: min(pieces).where(isBuy),
        most: max(pieces).where(isBuy.not()),
        mean: avg(pieces).where(isBuy),
        buyers: countDistinct(user).where(isBuy),
        share: ratio(countIf(many), count()).where(isBuy),
        none: sum(pieces).where(pieces.gt(1000)),
      },
    }),
  ],
});
