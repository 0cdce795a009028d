import { count, event, metric, pipeline, session, t } from "millrace";

export const about =
  "A distance of exactly the gap belongs to the session, 1 ms more starts a new one, also across " +
  "midnight; its end is the time of its last event, inclusive; null is a key like any other.";

export const shows = {
  "node metric": ["gap equal", "gap + 1 ms"],
  "window session": ["gap equal", "gap + 1 ms", "day's edge", "out of order", "nulls"],
  "aggregate count": ["gap equal", "gap + 1 ms"],
} as const;

const visits = event(
  "visits",
  { event_id: t.id(), user: t.string().optional(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "user" },
);

export default pipeline({
  name: "session-gaps",
  events: [visits],
  metrics: [
    metric("sessions", {
      from: visits,
      by: { user: visits.fields.user },
      window: session("30m"),
      measures: { n: count() },
      grace: "1h",
      emit: "change",
    }),
  ],
});
