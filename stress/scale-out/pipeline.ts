import { count, countDistinct, event, metric, pipeline, session, t, tumbling } from "millrace";

/** Most of what comes in. */
const visits = event(
  "visits",
  { visit_id: t.id(), person: t.string(), page: t.string(), at: t.timestamp() },
  { id: "visit_id", time: "at", key: "person" },
);

/** Little beside it: whoever has only its partitions has little to do. */
const orders = event(
  "orders",
  { order_id: t.id(), person: t.string(), amount: t.decimal(18, 2), at: t.timestamp() },
  { id: "order_id", time: "at", key: "person" },
);

const { page, person } = visits.fields;

export const views = metric("views", {
  from: visits,
  by: { page },
  window: tumbling("1h"),
  measures: { views: count(), people: countDistinct(person) },
});

export const stays = metric("stays", {
  from: visits,
  by: { person },
  window: session("30m"),
  measures: { visits: count() },
});

export default pipeline({ name: "scaled", events: [visits, orders], metrics: [views, stays] });
