import { count, event, metric, pipeline, session, sliding, t, tumbling } from "millrace";

export const about =
  "Every kind of window closes exactly when the received time reaches its end (a session: its last " +
  "event + gap) + grace + slack; what is emitted at the close has no row before.";

export const shows = {
  "window tumbling": ["not late"],
  "window sliding": ["not late"],
  "window session": ["not late"],
} as const;

const visits = event(
  "visits",
  { event_id: t.id(), user: t.string(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "user" },
);
const { user } = visits.fields;
const measures = { n: count() };
const grace = "1m";

export default pipeline({
  name: "closing-exactly",
  events: [visits],
  metrics: [
    metric("fixed", { from: visits, by: { user }, window: tumbling("1m"), measures, grace, emit: "close" }),
    metric("moving", { from: visits, by: { user }, window: sliding("2m", "1m"), measures, grace, emit: "close" }),
    metric("sessions", { from: visits, by: { user }, window: session("30s"), measures, grace, emit: "close" }),
  ],
});
