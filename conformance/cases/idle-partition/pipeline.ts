import { anomaly, count, event, metric, pipeline, session, sliding, t, tumbling } from "millrace";

export const about =
  "A partition without news, not even a heartbeat, holds every window of its topic open, however far " +
  "the others have come: rows show as open, those that are emitted at the close don't show, no alert.";

export const shows = {
  "node event": ["idle partition"],
  "node metric": ["idle partition"],
  "node anomaly": ["idle partition"],
  "window tumbling": ["idle partition"],
  "window sliding": ["idle partition"],
  "window session": ["idle partition"],
} as const;

const visits = event(
  "visits",
  { event_id: t.id(), user: t.string(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "user" },
);
const { user } = visits.fields;
const from = visits;
const measures = { n: count() };
const minutely = metric("minutely", { from, window: tumbling("1m"), measures });

export default pipeline({
  name: "idle-partition",
  events: [visits],
  metrics: [
    minutely,
    metric("final", { from, window: tumbling("1m"), measures, emit: "close" }),
    metric("moving", { from, window: sliding("2m", "1m"), measures }),
    metric("sessions", { from, by: { user }, window: session("1m"), measures, emit: "change" }),
  ],
  alerts: [anomaly("odd", { on: minutely.measures.n, history: 2, threshold: 1, floor: 0.001, warmUp: 2 })],
});
