import {
  avg, count, countDistinct, day, event, max, metric, min, model, pipeline, ratio, session, sliding, sum, t, tumbling,
} from "millrace";

export const about =
  "An amount that doesn't fit its type is an error that the row shows: null, and incomplete, never " +
  "wrapped and never a float; what else the row says stays exact; a sum that only passes through " +
  "what doesn't fit is exact, in whatever order; too many distinct values stop at their bound.";

export const shows = {
  "node metric": ["overflow"],
  "node model": ["overflow"],
  "window tumbling": ["overflow"],
  "window sliding": ["overflow"],
  "window session": ["overflow"],
  "aggregate count": ["overflow"],
  "aggregate sum": ["overflow", "out of order"],
  "aggregate min": ["overflow"],
  "aggregate max": ["overflow"],
  "aggregate avg": ["overflow"],
  "aggregate countDistinct": ["overflow"],
  "aggregate ratio": ["overflow"],
  "expression arithmetic": ["overflow"],
  "expression compare": ["overflow"],
} as const;

const numbers = event(
  "numbers",
  {
    event_id: t.id(),
    at: t.timestamp(),
    name: t.string(),
    huge: t.decimal(38, 0),
    long: t.integer(),
  },
  { id: "event_id", time: "at", key: "name" },
);
const { name, huge, long } = numbers.fields;
const from = numbers;
const by = { name };

const days = model("days", { from, by, measures: { n: count(), total: sum(huge), long_total: sum(long) } });
const { fields } = days;

export default pipeline({
  name: "overflow",
  events: [numbers],
  metrics: [
    metric("sums", { from, by, window: tumbling("1h"), measures: { n: count(), total: sum(huge), long_total: sum(long) } }),
    metric("moving", { from, by, window: sliding("1h", "1h"), measures: { total: sum(huge) } }),
    metric("sessions", { from, by, window: session("1h"), measures: { total: sum(huge) } }),
    metric("means", { from, by, window: tumbling("1h"), measures: { mean: avg(huge) } }),
    metric("ratios", { from, by, window: tumbling("1h"), measures: { each: ratio(sum(huge), count()) } }),
    metric("extremes", {
      from,
      by,
      window: tumbling("1h"),
      measures: { n: count(), least: min(long.minus(1)), most: max(long.times(long)) },
    }),
    metric("distinct", { from, window: tumbling("1h"), measures: { n: count(), all: countDistinct(long, { limit: 4 }) } }),
    metric("bounded", { from, window: tumbling("1h"), measures: { n: count(), all: countDistinct(long, { limit: 3 }) } }),
    // Compared while it doesn't fit: it is as great as it is.
    metric("compared", { from, window: tumbling("1h"), where: long.times(long).gt("9223372036854775807"), measures: { n: count() } }),
  ],
  models: [
    days,
    model("totals", { from: days, by: { date: day() }, measures: { total: sum(fields.total), rows: count() } }),
    model("counts", { from: days, by: { name: fields.name }, measures: { events: sum(fields.n) } }),
  ],
});
