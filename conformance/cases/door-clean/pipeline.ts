import { countDistinct, event, metric, pipeline, sum, t, tumbling } from "millrace";

export const about =
  "Clean steps run in their order at the door: trim, lower and upper case, NFC, coerce, default; what " +
  "they change is flagged (8) and the original kept; engines see the clean value only.";

export const shows = { clean: ["nulls", "decimals", "duplicates"] } as const;

const forms = event(
  "forms",
  {
    event_id: t.id(),
    at: t.timestamp(),
    email: t.string().clean("trim", "lowercase").optional(),
    code: t.string().clean("uppercase").optional(),
    city: t.string().clean("nfc").optional(),
    price: t.decimal(10, 2).clean("coerce").optional(),
    pieces: t.integer().clean("coerce").default(1),
    agreed: t.boolean().clean("coerce").optional(),
    zip: t.string().clean("coerce").optional(),
    channel: t.oneOf("web", "app").clean("trim", "lowercase").default("web"),
  },
  { id: "event_id", time: "at", key: "email" },
);
const { email, price, pieces } = forms.fields;

export default pipeline({
  name: "door-clean",
  events: [forms],
  metrics: [
    metric("totals", {
      from: forms,
      window: tumbling("1h"),
      measures: { people: countDistinct(email), total: sum(price), pieces: sum(pieces) },
    }),
  ],
});
