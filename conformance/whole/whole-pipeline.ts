import {
  anomaly,
  avg,
  count,
  countDistinct,
  countIf,
  metric,
  pipeline,
  ratio,
  session,
  sliding,
  sum,
  tumbling,
} from "millrace";
import {
  behaviour,
  geographic,
  knownUser,
  paidOrders,
  positivePrice,
  shop,
  traffic,
  userDaily,
  users,
  userSessions,
} from "../../examples/shop/pipeline.ts";

/** Windows that close while a test looks on; everything else is the shop's. */
const grace = "90s";

const { event_type, properties: p } = behaviour.fields;
const user_id = behaviour.fields.user_id.or(behaviour.fields.anonymous_id);
const isPurchase = event_type.is("purchase");

const pageViews = metric("page-view-counts", {
  from: behaviour,
  where: event_type.is("page_view"),
  by: { page_url: p.page_url },
  window: tumbling("10s"),
  grace,
  measures: { views: count() },
});

const sessions = metric("session-metrics", {
  from: behaviour,
  by: { user_id },
  window: session("5s"),
  grace,
  measures: {
    events: count(),
    pages: countDistinct(p.page_url),
    revenue: sum(p.price).where(isPurchase),
  },
});

const order = shop.fields;
const shopRevenue = metric("shop-revenue", {
  from: shop,
  where: order.event_type.in("purchase", "refund"),
  by: { currency: order.properties.currency, event_type: order.event_type },
  window: tumbling("20s"),
  grace,
  measures: {
    revenue: sum(order.properties.price.times(order.properties.quantity)),
    items: sum(order.properties.quantity),
    average_price: avg(order.properties.price),
  },
});

const paid = paidOrders.fields;
const countries = metric("orders-by-country", {
  from: paidOrders,
  by: { country: paid.country },
  window: tumbling("20s"),
  grace,
  measures: { orders: count(), amount: sum(paid.amount) },
});

/** The definition, with one engine for conversion, volume and its anomaly in a cluster. */
export const wholePipeline = (on: "kafka-streams" | "flink") => {
  const conversion = metric("conversion-rates", {
    from: behaviour,
    where: event_type.in("page_view", "purchase"),
    by: { user_id },
    window: tumbling("10s"),
    grace,
    measures: { rate: ratio(countIf(isPurchase), countIf(event_type.is("page_view"))) },
    on,
  });

  const volume = metric("event-volume", {
    from: behaviour,
    by: { event_type },
    window: sliding("30s", "10s"),
    grace,
    measures: { events: count() },
    on,
  });

  const unusual = anomaly("unusual-volume", {
    on: volume.measures.events,
    history: 4,
    threshold: 3,
  });
  return pipeline({
    name: "whole",
    events: [behaviour, shop],
    tables: [users],
    streams: [paidOrders],
    metrics: [pageViews, sessions, conversion, volume, shopRevenue, countries],
    rules: [positivePrice, knownUser],
    models: [userSessions, userDaily, geographic],
    cubes: [traffic],
    alerts: [unusual],
  });
};
