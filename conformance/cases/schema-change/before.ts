import { event, pipeline, t } from "millrace";

/** The definition as it was when the first events came. */
const orders = event(
  "orders",
  { event_id: t.id(), at: t.timestamp(), user: t.string(), price: t.decimal(10, 2), pieces: t.integer().optional() },
  { id: "event_id", time: "at", key: "user" },
);

export default pipeline({ name: "schema-change", events: [orders] });
