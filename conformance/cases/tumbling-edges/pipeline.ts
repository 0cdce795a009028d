import { count, event, metric, pipeline, t, tumbling } from "millrace";

export const about =
  "Windows are [start, end), aligned to the epoch, in order or not; each belongs to the day of its " +
  "start; a window without events has no row; one is closed from end + grace + slack on, not 1 ms before.";

export const shows = {
  "node event": ["out of order", "day's edge"],
  "node metric": ["out of order", "day's edge"],
  "window tumbling": ["out of order", "day's edge"],
  "aggregate count": ["out of order", "day's edge"],
} as const;

const visits = event(
  "visits",
  { event_id: t.id(), user: t.string(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "user" },
);

const views = metric("views", {
  from: visits,
  window: tumbling("5m"),
  measures: { n: count() },
  emit: "change",
});

export default pipeline({ name: "tumbling-edges", events: [visits], metrics: [views] });
