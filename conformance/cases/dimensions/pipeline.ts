import { count, event, metric, pipeline, session, sliding, t, tumbling } from "millrace";

export const about =
  "Groups by none, one and several values of every kind, null among them: one canonical key each. " +
  "Decimals keep their places, texts are escaped as JSON needs it and no more, 1 is not \"1\".";

export const shows = {
  "node metric": ["nulls", "decimals"],
  "expression field": ["nulls", "decimals"],
  "expression isNull": ["nulls"],
  "window tumbling": ["nulls", "decimals"],
  "window sliding": ["nulls", "decimals"],
  "window session": ["nulls", "decimals"],
} as const;

const things = event(
  "things",
  {
    event_id: t.id(),
    at: t.timestamp(),
    place: t.record({ country: t.string().optional(), city: t.string().optional() }).optional(),
    size: t.integer().optional(),
    price: t.decimal(10, 2).optional(),
    isNew: t.boolean().optional(),
    made: t.timestamp().optional(),
    kind: t.oneOf("x", "y").optional(),
  },
  { id: "event_id", time: "at", key: "event_id" },
);
const { place, size, price, isNew, made, kind } = things.fields;
const from = things;
const measures = { n: count() };

export default pipeline({
  name: "dimensions",
  events: [things],
  metrics: [
    metric("none", { from, window: tumbling("1h"), measures }),
    metric("one", { from, by: { country: place.country }, window: tumbling("1h"), measures }),
    metric("two", { from, by: { country: place.country, price }, window: session("1h"), measures, emit: "change" }),
    metric("many", { from, by: { size, isNew, made, kind, hasCity: place.city.isNotNull() }, window: sliding("1h", "1h"), measures }),
  ],
});
