import {
  count,
  countDistinct,
  countIf,
  cube,
  event,
  max,
  metric,
  min,
  minutesBetween,
  model,
  pipeline,
  session,
  t,
  tumbling,
} from "millrace";

/** What people do in a shop: 19 kinds of events, with the shop's own sessions. */
export const actions = event(
  "actions",
  {
    event_id: t.id(),
    user_id: t.string().subject(),
    session_id: t.string(),
    event: t.string(),
    timestamp: t.timestamp({ zone: "UTC" }),
    platform: t.oneOf("desktop", "mobile", "tablet"),
    acquisition_channel: t.string(),
    user_cohort: t.string(),
    user_lifecycle: t.string(),
  },
  { id: "event_id", time: "timestamp", key: "user_id" },
);

const { user_id, session_id, event: action, timestamp, platform } = actions.fields;

export const visits = metric("visits", {
  from: actions,
  by: { user_id },
  window: session("30m"),
  measures: {
    events: count(),
    views: countIf(action.is("product_view")),
    carts: countIf(action.is("add_to_cart")),
    purchases: countIf(action.is("purchase")),
    bugs: countIf(action.is("checkout_bug")),
    payment_errors: countIf(action.is("payment_error")),
  },
});

export const daily = metric("events-by-day", {
  from: actions,
  by: { platform, event: action },
  window: tumbling("1d"),
  measures: { events: count(), users: countDistinct(user_id), sessions: countDistinct(session_id) },
});

export const sessions = model("sessions", {
  from: actions,
  by: { user_id, session_id },
  measures: {
    started: min(timestamp),
    ended: max(timestamp),
    events: count(),
    purchases: countIf(action.is("purchase")),
  },
  compute: (s) => ({ minutes: minutesBetween(s.started, s.ended) }),
});

export const channels = cube("channels", {
  from: actions,
  every: "day",
  by: { channel: actions.fields.acquisition_channel, platform },
  measures: {
    events: count(),
    users: countDistinct(user_id),
    purchases: countIf(action.is("purchase")),
  },
});

export default pipeline({
  name: "shop-sessions",
  events: [actions],
  metrics: [visits, daily],
  models: [sessions],
  cubes: [channels],
});
