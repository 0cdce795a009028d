import { count, event, metric, pipeline, t, tumbling } from "millrace";

export const about = "Keys that aren't declared are kept as JSON text, dropped, or refused, as the event says.";

export const shows = { "node event": ["nulls"] } as const;

const fields = { event_id: t.id(), at: t.timestamp(), user: t.string().optional() };
const of = { id: "event_id", time: "at", key: "user" } as const;
const kept = event("kept", fields, { ...of, undeclared: "keep" });
const dropped = event("dropped", fields, { ...of, undeclared: "drop" });
const refused = event("refused", fields, { ...of, undeclared: "refuse" });
const window = tumbling("1h");
const measures = { n: count() };

export default pipeline({
  name: "undeclared",
  events: [kept, dropped, refused],
  metrics: [
    metric("n-kept", { from: kept, window, measures }),
    metric("n-dropped", { from: dropped, window, measures }),
    metric("n-refused", { from: refused, window, measures }),
  ],
});
