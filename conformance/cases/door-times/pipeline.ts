import { count, event, hourOfDay, metric, pipeline, t, tumbling } from "millrace";

export const about =
  "The door settles an event's time once: offsets and fractions honoured, a client's skew taken out " +
  "by its sent_at, more than two minutes ahead drawn back to received_at with the original kept, more " +
  "than a day ahead or before 1971 quarantined; a time without an offset is refused.";

export const shows = { "node event": ["future", "day's edge"], "expression call": ["future", "day's edge"] } as const;

const clicks = event(
  "clicks",
  { event_id: t.id(), at: t.timestamp(), user: t.string() },
  { id: "event_id", time: "at", key: "user", derive: (e) => ({ hour: hourOfDay(e.at) }) },
);

export default pipeline({
  name: "door-times",
  events: [clicks],
  metrics: [
    metric("hourly", { from: clicks, by: { hour: clicks.fields.hour }, window: tumbling("1h"), measures: { n: count() } }),
  ],
});
