import { count, event, metric, pipeline, session, sliding, t, tumbling } from "millrace";

export const about =
  "An imported event bypasses the stream however early it was received: no row, no component, no " +
  "session merged; it is pending in the windows that tell of late events. A heartbeat is no event.";

export const shows = { "node metric": ["late by 1 ms"], "node event": ["not late"] } as const;

const visits = event(
  "visits",
  { event_id: t.id(), user: t.string(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "user" },
);
const { user } = visits.fields;
const measures = { n: count() };

export default pipeline({
  name: "imported",
  events: [visits],
  metrics: [
    metric("minutely", { from: visits, window: tumbling("1m"), measures }),
    metric("moving", { from: visits, window: sliding("2m", "1m"), measures }),
    metric("sessions", { from: visits, by: { user }, window: session("1m"), measures, emit: "change" }),
  ],
});
