import { count, countDistinct, event, metric, pipeline, session, sliding, stream, sum, t, tumbling } from "millrace";

export const about =
  "An identity (event, key, id) is let in once, the lowest offset wins, whatever else the second one " +
  "says; the same id under another key is another event. Nothing behind the gate sees a duplicate.";

export const shows = {
  "node event": ["duplicates", "nulls"],
  "node stream": ["duplicates"],
  "node metric": ["duplicates"],
  "window tumbling": ["duplicates"],
  "window sliding": ["duplicates"],
  "window session": ["duplicates"],
  "aggregate count": ["duplicates"],
  "aggregate sum": ["duplicates"],
} as const;

const sales = event(
  "sales",
  { event_id: t.id(), at: t.timestamp(), user: t.string().optional(), pieces: t.integer() },
  { id: "event_id", time: "at", key: "user" },
);
const { user, pieces } = sales.fields;
const many = stream("many", { from: sales, where: pieces.gte(2), select: { user, pieces } });

export default pipeline({
  name: "door-duplicates",
  events: [sales],
  streams: [many],
  metrics: [
    metric("fixed", { from: sales, window: tumbling("1h"), measures: { n: count(), total: sum(pieces), people: countDistinct(user) } }),
    metric("moving", { from: sales, window: sliding("1h", "1h"), measures: { n: count() } }),
    metric("sessions", { from: sales, by: { user }, window: session("1h"), measures: { n: count() } }),
    metric("of-many", { from: many, window: tumbling("1h"), measures: { n: count(), total: sum(many.fields.pieces) } }),
  ],
});
