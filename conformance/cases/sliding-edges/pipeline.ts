import { avg, count, countDistinct, event, max, metric, min, pipeline, ratio, sliding, sum, t } from "millrace";

export const about =
  "Sliding windows: an event on an edge is in the windows that start there, not in those that end " +
  "there; 1 ms before it is the other way round.";

export const shows = {
  "node metric": ["sliding edges"],
  "window sliding": ["sliding edges", "out of order", "day's edge"],
  "aggregate count": ["sliding edges"],
  "aggregate sum": ["sliding edges"],
  "aggregate min": ["sliding edges"],
  "aggregate max": ["sliding edges"],
  "aggregate avg": ["sliding edges"],
  "aggregate countDistinct": ["sliding edges"],
  "aggregate ratio": ["sliding edges"],
} as const;

const visits = event(
  "visits",
  { event_id: t.id(), user: t.string(), at: t.timestamp(), pages: t.integer() },
  { id: "event_id", time: "at", key: "user" },
);
const { user, pages } = visits.fields;
const from = visits;

export default pipeline({
  name: "sliding-edges",
  events: [visits],
  metrics: [
    metric("even", {
      from,
      window: sliding("10m", "5m"),
      measures: {
        n: count(), total: sum(pages), least: min(pages), most: max(pages), mean: avg(pages),
        people: countDistinct(user), each: ratio(sum(pages), count()),
      },
    }),
    metric("wide", { from, window: sliding("12m", "4m"), measures: { n: count() } }),
  ],
});
