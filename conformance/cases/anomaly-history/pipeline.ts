import { anomaly, avg, count, event, metric, pipeline, t, tumbling } from "millrace";

export const about =
  "An anomaly looks at closed windows, each held against the preceding ones of its key: silent while " +
  "it warms up; a missing window between two is 0; the spread has a floor; a window without a value " +
  "is no part of the history; late events don't take an alert back.";

export const shows = {
  "node anomaly": ["nulls", "late by 1 ms", "out of order", "decimals"],
  "node metric": ["late by 1 ms"],
  "window tumbling": ["late by 1 ms"],
  "aggregate avg": ["nulls"],
} as const;

const clicks = event(
  "clicks",
  { event_id: t.id(), at: t.timestamp(), page: t.string(), cost: t.decimal(10, 2).optional() },
  { id: "event_id", time: "at", key: "page" },
);
const { page, cost } = clicks.fields;

const minutely = metric("minutely", {
  from: clicks,
  by: { page },
  window: tumbling("1m"),
  measures: { n: count(), cost: avg(cost) },
  grace: "1m",
});

export default pipeline({
  name: "anomaly-history",
  events: [clicks],
  metrics: [minutely],
  alerts: [
    anomaly("odd-count", { on: minutely.measures.n, history: 4, threshold: 3, floor: 1, warmUp: 3 }),
    anomaly("odd-cost", { on: minutely.measures.cost, history: 4, threshold: 3, floor: 0.5, warmUp: 2 }),
  ],
});
