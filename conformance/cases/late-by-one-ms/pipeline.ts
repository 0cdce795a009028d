import {
  avg, count, countDistinct, event, max, metric, min, pipeline, ratio, session, sliding, sum, t, tumbling,
} from "millrace";

export const about =
  "An event received exactly at its time + grace counts; 1 ms later it is late, for every kind of " +
  "window and aggregate: it is in no component, makes no row, and stays pending until its window's end + grace.";

export const shows = {
  "node event": ["late by 1 ms", "not late"],
  "node metric": ["late by 1 ms", "not late"],
  "window tumbling": ["late by 1 ms", "not late"],
  "window sliding": ["late by 1 ms", "not late"],
  "window session": ["late by 1 ms", "not late"],
  "aggregate count": ["late by 1 ms", "not late"],
  "aggregate sum": ["late by 1 ms", "not late"],
  "aggregate min": ["late by 1 ms", "not late"],
  "aggregate max": ["late by 1 ms", "not late"],
  "aggregate avg": ["late by 1 ms", "not late"],
  "aggregate countDistinct": ["late by 1 ms", "not late"],
  "aggregate ratio": ["late by 1 ms", "not late"],
} as const;

const sales = event(
  "sales",
  { event_id: t.id(), user: t.string(), at: t.timestamp(), pieces: t.integer() },
  { id: "event_id", time: "at", key: "user" },
);
const { user, pieces } = sales.fields;
const from = sales;

export default pipeline({
  name: "late-by-one-ms",
  events: [sales],
  metrics: [
    metric("fixed", {
      from,
      window: tumbling("10m"),
      measures: {
        n: count(), total: sum(pieces), least: min(pieces), most: max(pieces), mean: avg(pieces),
        kinds: countDistinct(pieces), share: ratio(sum(pieces), count()),
      },
    }),
    metric("moving", { from, window: sliding("10m", "5m"), measures: { total: sum(pieces) } }),
    metric("sessions", { from, by: { user }, window: session("1m"), measures: { total: sum(pieces) } }),
  ],
});
