import { count, event, max, metric, pipeline, session, sliding, sum, t, tumbling } from "millrace";

export const about =
  "A client's clock may be up to two minutes ahead: such an event counts in the window of its own " +
  "time, which stays open until the received time has passed it; nothing of earlier windows is hurt.";

export const shows = {
  "node event": ["future"],
  "node metric": ["future"],
  "window tumbling": ["future"],
  "window sliding": ["future"],
  "window session": ["future"],
  "aggregate count": ["future"],
  "aggregate sum": ["future"],
  "aggregate max": ["future"],
} as const;

const visits = event(
  "visits",
  { event_id: t.id(), user: t.string(), at: t.timestamp(), pages: t.integer() },
  { id: "event_id", time: "at", key: "user" },
);
const { user, at, pages } = visits.fields;
const from = visits;

export default pipeline({
  name: "future-times",
  events: [visits],
  metrics: [
    metric("minutely", { from, window: tumbling("1m"), measures: { n: count(), pages: sum(pages), last: max(at) } }),
    metric("moving", { from, window: sliding("2m", "1m"), measures: { n: count() } }),
    metric("sessions", { from, by: { user }, window: session("1m"), measures: { n: count() }, emit: "change" }),
  ],
});
