import {
  concat, count, dayOfWeek, event, geohash, host, hourOfDay, lower, metric, path, pipeline, queryParameter, sha256, t, tumbling, upper,
} from "millrace";

export const about =
  "Derived fields are computed once, at the door, and stored; null in gives null out; engines group by " +
  "the column and never repeat the function.";

export const shows = {
  "expression call": ["nulls"],
  "node event": ["nulls"],
} as const;

const views = event(
  "views",
  {
    event_id: t.id(),
    at: t.timestamp(),
    url: t.string().optional(),
    name: t.string().optional(),
    latitude: t.float().optional(),
    longitude: t.float().optional(),
  },
  {
    id: "event_id",
    time: "at",
    key: "event_id",
    derive: (e) => ({
      page: path(e.url),
      site: host(e.url),
      campaign: queryParameter(e.url, "utm"),
      low: lower(e.name),
      high: upper(e.name),
      label: concat(e.name, "@", host(e.url)),
      hash: sha256(e.name),
      hour: hourOfDay(e.at),
      weekday: dayOfWeek(e.at),
      cell: geohash(e.latitude, e.longitude, 6),
    }),
  },
);
const { page, weekday } = views.fields;

export default pipeline({
  name: "door-derived",
  events: [views],
  metrics: [metric("pages", { from: views, by: { page, weekday }, window: tumbling("1d"), measures: { n: count() } })],
});
