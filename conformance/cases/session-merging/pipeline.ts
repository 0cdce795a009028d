import { avg, count, countDistinct, event, max, metric, min, pipeline, ratio, session, sum, t } from "millrace";

export const about =
  "An event between two sessions merges them, components and all; one before a session moves its " +
  "start; the starts that cease to exist are deleted. A late event merges nothing.";

export const shows = {
  "node metric": ["merging sessions", "out of order"],
  "window session": ["merging sessions", "late by 1 ms"],
  "aggregate count": ["merging sessions"],
  "aggregate sum": ["merging sessions", "out of order"],
  "aggregate min": ["merging sessions", "out of order"],
  "aggregate max": ["merging sessions", "out of order"],
  "aggregate avg": ["merging sessions", "out of order"],
  "aggregate countDistinct": ["merging sessions", "out of order"],
  "aggregate ratio": ["merging sessions", "out of order"],
} as const;

const visits = event(
  "visits",
  { event_id: t.id(), user: t.string(), at: t.timestamp(), page: t.string(), spent: t.decimal(10, 2) },
  { id: "event_id", time: "at", key: "user" },
);
const { user, page, spent } = visits.fields;

export default pipeline({
  name: "session-merging",
  events: [visits],
  metrics: [
    metric("sessions", {
      from: visits,
      by: { user },
      window: session("10m"),
      measures: {
        n: count(), total: sum(spent), least: min(spent), most: max(spent), mean: avg(spent),
        pages: countDistinct(page), each: ratio(sum(spent), count()),
      },
      grace: "30m",
      emit: "change",
    }),
  ],
});
