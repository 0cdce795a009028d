import { count, event, metric, pipeline, t, tumbling } from "millrace";

export const about =
  "A partition that never had a record has no received time at all: nothing closes. (The collector's " +
  "heartbeats see to it that there is none.)";

export const shows = { "node metric": ["idle partition"] } as const;

const visits = event(
  "visits",
  { event_id: t.id(), user: t.string(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "user" },
);

export default pipeline({
  name: "silent-partition",
  events: [visits],
  metrics: [
    metric("minutely", { from: visits, window: tumbling("1m"), measures: { n: count() } }),
    metric("final", { from: visits, window: tumbling("1m"), measures: { n: count() }, emit: "close" }),
  ],
});
