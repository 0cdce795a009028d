import {
  anomaly,
  avg,
  count,
  countDistinct,
  metric,
  pipeline,
  session,
  sliding,
  sum,
  tumbling,
} from "millrace";
import {
  behaviour,
  geographic,
  paidOrders,
  shop,
  traffic,
  userDaily,
  users,
  userSessions,
} from "../../examples/shop/pipeline.ts";

/** Windows that close while a test looks on; everything else is the shop's. */
const grace = "10s";

const { event_type, properties: p } = behaviour.fields;
const user_id = behaviour.fields.user_id.or(behaviour.fields.anonymous_id);

const pageViews = metric("page-view-counts", {
  from: behaviour,
  where: event_type.is("page_view"),
  by: { page_url: p.page_url },
  window: tumbling("5s"),
  grace,
  measures: { views: count() },
});

const sessions = metric("session-metrics", {
  from: behaviour,
  by: { user_id },
  window: session("2s"),
  grace,
  measures: { events: count(), pages: countDistinct(p.page_url) },
});

const volume = metric("event-volume", {
  from: behaviour,
  by: { event_type },
  window: sliding("10s", "5s"),
  grace,
  measures: { events: count() },
});

const order = shop.fields;
const revenue = metric("shop-revenue", {
  from: shop,
  by: { currency: order.properties.currency },
  window: tumbling("5s"),
  grace,
  measures: {
    revenue: sum(order.properties.price.times(order.properties.quantity)),
    average_price: avg(order.properties.price),
  },
});

const paid = paidOrders.fields;
const countries = metric("orders-by-country", {
  from: paidOrders,
  by: { country: paid.country },
  window: tumbling("10s"),
  grace,
  measures: { orders: count(), amount: sum(paid.amount) },
});

export default pipeline({
  name: "moving",
  events: [behaviour, shop],
  tables: [users],
  streams: [paidOrders],
  metrics: [pageViews, sessions, volume, revenue, countries],
  models: [userSessions, userDaily, geographic],
  cubes: [traffic],
  alerts: [anomaly("unusual-volume", { on: volume.measures.events, history: 4, threshold: 3 })],
});
