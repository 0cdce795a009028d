import {
  anomaly,
  avg,
  count,
  countDistinct,
  countIf,
  cube,
  day,
  event,
  max,
  metric,
  min,
  minutesBetween,
  model,
  path,
  pipeline,
  ratio,
  rule,
  session,
  sliding,
  stream,
  sum,
  t,
  table,
  tumbling,
} from "millrace";

const place = t.record({
  country: t.string().optional(),
  region: t.string().optional(),
  city: t.string().optional(),
});

/** What people do on the site and in the apps. */
export const behaviour = event(
  "user-events",
  {
    event_id: t.id(),
    user_id: t.string().subject().optional(),
    anonymous_id: t.string().subject().optional(),
    session_id: t.string().optional(),
    event_type: t.oneOf("page_view", "click", "purchase", "signup", "custom"),
    event_name: t.string().optional(),
    timestamp: t.timestamp(),
    properties: t
      .record({
        page_url: t.string().optional(),
        referrer: t.string().optional(),
        user_agent: t.string().personal().optional(),
        device_type: t.oneOf("mobile", "desktop", "tablet").optional(),
        location: place.optional(),
        price: t.decimal(18, 4).optional(),
        currency: t.string().optional(),
      })
      .optional(),
    context: t
      .record({
        app_version: t.string().optional(),
        platform: t.oneOf("web", "ios", "android", "server", "iot").optional(),
        screen_resolution: t.string().optional(),
      })
      .optional(),
  },
  {
    id: "event_id",
    time: "timestamp",
    key: ["user_id", "anonymous_id"],
    undeclared: "keep",
    derive: (e) => ({ page_path: path(e.properties.page_url) }),
  },
);

/** What the shop's server says about products and orders. */
export const shop = event(
  "shop-events",
  {
    event_id: t.id(),
    user_id: t.string().subject(),
    event_type: t.oneOf("product_view", "add_to_cart", "purchase", "refund"),
    timestamp: t.timestamp(),
    properties: t.record({
      product_id: t.string(),
      category: t.string().optional(),
      price: t.decimal(18, 4),
      quantity: t.integer(),
      currency: t.string(),
      discount_code: t.string().optional(),
    }),
    transaction: t
      .record({
        order_id: t.string(),
        total_amount: t.decimal(18, 4),
        payment_method: t.string(),
      })
      .optional(),
  },
  { id: "event_id", time: "timestamp", key: "user_id" },
);

/** Who the users are; upserted by `identify`. */
export const users = table(
  "dim_users",
  {
    user_id: t.string().subject(),
    country: t.string().optional(),
    region: t.string().optional(),
    email: t.string().personal().optional(),
  },
  { key: "user_id" },
);

const { event_type, session_id, timestamp, properties: p, page_path } = behaviour.fields;
const user_id = behaviour.fields.user_id.or(behaviour.fields.anonymous_id);
const isPurchase = event_type.is("purchase");

export const pageViews = metric("page-view-counts", {
  from: behaviour,
  where: event_type.is("page_view"),
  by: { page_url: p.page_url },
  window: tumbling("5m"),
  measures: { views: count() },
});

export const sessions = metric("session-metrics", {
  from: behaviour,
  by: { user_id },
  window: session("30m"),
  measures: {
    events: count(),
    pages: countDistinct(p.page_url),
    revenue: sum(p.price).where(isPurchase),
  },
});

export const conversion = metric("conversion-rates", {
  from: behaviour,
  where: event_type.in("page_view", "purchase"),
  by: { user_id },
  window: tumbling("5m"),
  measures: { rate: ratio(countIf(isPurchase), countIf(event_type.is("page_view"))) },
  on: "flink",
});

export const volume = metric("event-volume", {
  from: behaviour,
  by: { event_type },
  window: sliding("10m", "1m"),
  measures: { events: count() },
  on: "flink",
});

const order = shop.fields;
export const shopRevenue = metric("shop-revenue", {
  from: shop,
  where: order.event_type.in("purchase", "refund"),
  by: { currency: order.properties.currency, event_type: order.event_type },
  window: tumbling("1h"),
  measures: {
    revenue: sum(order.properties.price.times(order.properties.quantity)),
    items: sum(order.properties.quantity),
    average_price: avg(order.properties.price),
  },
});

export const unusual = anomaly("unusual-volume", {
  on: volume.measures.events,
  history: 60,
  threshold: 4,
});

export const positivePrice = rule("positive-price", {
  on: behaviour,
  when: isPurchase,
  expect: p.price.gt(0),
  severity: "quarantine",
});

export const knownUser = rule("known-user", {
  on: behaviour,
  expect: user_id.existsIn(users),
  severity: "warn",
});

export const paidOrders = stream("paid-orders", {
  from: shop,
  where: order.event_type.is("purchase"),
  join: { table: users, on: order.user_id, type: "left" },
  select: {
    product_id: order.properties.product_id,
    category: order.properties.category,
    amount: order.properties.price.times(order.properties.quantity),
    currency: order.properties.currency,
    country: users.fields.country,
  },
});

/** One row per person and client session. */
export const userSessions = model("user_sessions", {
  from: behaviour,
  where: session_id.isNotNull(),
  by: { user_id, session_id },
  measures: {
    session_start: min(timestamp),
    session_end: max(timestamp),
    event_count: count(),
    unique_pages: countDistinct(p.page_url),
    revenue: sum(p.price).where(isPurchase),
  },
  compute: (s) => ({ session_duration: minutesBetween(s.session_start, s.session_end) }),
});

const s = userSessions.fields;
/** One row per person and day. */
export const userDaily = model("user_daily_metrics", {
  from: userSessions,
  by: { user_id: s.user_id, date: day() },
  measures: {
    session_count: count(),
    total_events: sum(s.event_count),
    total_time_spent: sum(s.session_duration),
    daily_revenue: sum(s.revenue),
    avg_session_duration: avg(s.session_duration),
  },
});

/** Country × region × day, for the users that `dim_users` knows. */
export const geographic = model("geographic_metrics", {
  from: userSessions,
  join: { table: users, on: s.user_id, type: "inner" },
  by: { country: users.fields.country, region: users.fields.region, date: day() },
  measures: {
    revenue: sum(s.revenue),
    active_users: countDistinct(s.user_id),
    avg_session_duration: avg(s.session_duration),
  },
});

export const traffic = cube("traffic", {
  from: behaviour,
  every: "day",
  by: { event_type, page_path, platform: behaviour.fields.context.platform },
  measures: {
    events: count(),
    people: countDistinct(user_id),
    revenue: sum(p.price).where(isPurchase),
  },
});

export default pipeline({
  name: "shop",
  events: [behaviour, shop],
  tables: [users],
  streams: [paidOrders],
  metrics: [pageViews, sessions, conversion, volume, shopRevenue],
  rules: [positivePrice, knownUser],
  models: [userSessions, userDaily, geographic],
  cubes: [traffic],
  alerts: [unusual],
});
