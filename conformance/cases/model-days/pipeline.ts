import {
  avg, count, countDistinct, day, event, max, min, minutesBetween, model, pipeline, ratio, sum, t,
} from "millrace";

export const about =
  "A model is a table a day: events of the UTC day in any order, late and imported ones too, one row " +
  "a group; minutes are rounded half up at four places, quotients at six; a model of a model reads its day.";

export const shows = {
  "node event": ["out of order"],
  "node model": ["nulls", "decimals", "out of order", "late by 1 ms", "not late", "day's edge"],
  "aggregate sum": ["nulls", "decimals", "day's edge"],
  "aggregate min": ["day's edge", "nulls"],
  "aggregate max": ["day's edge"],
  "aggregate avg": ["nulls", "decimals", "day's edge"],
  "aggregate countDistinct": ["nulls", "day's edge"],
  "aggregate ratio": ["nulls", "day's edge"],
  "expression minutesBetween": ["day's edge", "nulls", "out of order", "late by 1 ms", "not late"],
  "expression day": ["day's edge", "nulls", "out of order", "late by 1 ms", "not late"],
  "expression isNull": ["nulls"],
} as const;

const visits = event(
  "visits",
  {
    event_id: t.id(),
    at: t.timestamp(),
    user: t.string().optional(),
    session: t.string().optional(),
    page: t.string().optional(),
    price: t.decimal(10, 2).optional(),
    shipped: t.timestamp().optional(),
  },
  { id: "event_id", time: "at", key: "user" },
);
const { user, session, page, price, at, shipped } = visits.fields;

const sessions = model("sessions", {
  from: visits,
  where: session.isNotNull(),
  by: { user, session },
  measures: {
    began: min(at), ended: max(at), events: count(), pages: countDistinct(page), revenue: sum(price),
    mean: avg(price), share: ratio(sum(price), count()), sent: min(shipped),
  },
  compute: (s) => ({ minutes: minutesBetween(s.began, s.ended), waited: minutesBetween(s.ended, s.sent) }),
});
const s = sessions.fields;
const days = model("days", {
  from: sessions,
  by: { user: s.user, date: day() },
  measures: { sessions: count(), events: sum(s.events), minutes: sum(s.minutes), mean_minutes: avg(s.minutes), revenue: sum(s.revenue) },
});

export default pipeline({ name: "model-days", events: [visits], models: [sessions, days] });
