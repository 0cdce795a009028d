import { anomaly, count, cube, event, metric, model, pipeline, rule, session, sliding, stream, sum, t, table, tumbling } from "millrace";

export const about = "Nothing was ever sent, not even a heartbeat: nothing has a row, not even a total.";

export const shows = {} as const;

const visits = event(
  "visits",
  { event_id: t.id(), at: t.timestamp(), user: t.string().optional(), pages: t.integer() },
  { id: "event_id", time: "at", key: "user" },
);
const users = table("users", { user: t.string(), country: t.string().optional() }, { key: "user" });
const { user, pages } = visits.fields;
const measures = { n: count(), pages: sum(pages) };
const long = stream("long", { from: visits, where: pages.gt(3), select: { pages } });
const total = metric("total", { from: visits, window: tumbling("1h"), measures });

export default pipeline({
  name: "empty-input",
  events: [visits],
  tables: [users],
  streams: [long],
  rules: [rule("some", { on: visits, expect: pages.gt(0), severity: "warn" })],
  metrics: [
    total,
    metric("moving", { from: visits, window: sliding("2h", "1h"), measures }),
    metric("sessions", { from: visits, by: { user }, window: session("1h"), measures }),
    metric("of-long", { from: long, window: tumbling("1h"), measures: { n: count() } }),
  ],
  models: [model("days", { from: visits, by: { user }, measures })],
  cubes: [cube("hours", { from: visits, every: "hour", by: {}, measures })],
  alerts: [anomaly("odd", { on: total.measures.n, history: 2, warmUp: 2 })],
});
