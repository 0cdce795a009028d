import {
  avg, count, countDistinct, event, max, metric, min, pipeline, ratio, session, sliding, sum, t, tumbling,
} from "millrace";

export const about =
  "Amounts are exact to the last of 38 digits: summed, multiplied, compared, as extremes, as " +
  "dimensions; no engine passes through a float. (0.1 + 0.2 is 0.3.)";

export const shows = {
  "node event": ["decimals"],
  "node metric": ["decimals"],
  "window tumbling": ["decimals"],
  "window sliding": ["decimals"],
  "window session": ["decimals"],
  "aggregate count": ["decimals"],
  "aggregate sum": ["decimals"],
  "aggregate min": ["decimals"],
  "aggregate max": ["decimals"],
  "aggregate avg": ["decimals"],
  "aggregate ratio": ["decimals"],
  "expression field": ["decimals"],
  "expression literal": ["decimals"],
  "expression compare": ["decimals"],
  "expression in": ["decimals"],
  "expression coalesce": ["decimals"],
  "expression arithmetic": ["decimals"],
} as const;

const ledger = event(
  "ledger",
  {
    event_id: t.id(),
    at: t.timestamp(),
    account: t.string(),
    wide: t.decimal(38, 10).optional(),
    whole: t.decimal(38, 0).optional(),
    price: t.decimal(18, 4),
    rate: t.decimal(9, 2).optional(),
  },
  { id: "event_id", time: "at", key: "account" },
);
const { account, wide, whole, price, rate } = ledger.fields;
const from = ledger;

export default pipeline({
  name: "decimals-38-digits",
  events: [ledger],
  metrics: [
    metric("totals", {
      from,
      by: { rate },
      window: tumbling("1h"),
      measures: {
        wide_total: sum(wide),
        whole_total: sum(whole),
        price_total: sum(price),
        price_mean: avg(price),
        least: min(wide),
        most: max(whole),
        paid: sum(price.times(rate)),
        more: max(price.plus(rate)),
        less: min(price.minus("0.00005")),
        each: ratio(sum(price), count()),
      },
    }),
    metric("compared", {
      from,
      window: sliding("1h", "30m"),
      measures: {
        // a float would say that 38 nines equal 10^38 - 2
        nearly: count().where(whole.is("99999999999999999999999999999999999999")),
        below: count().where(whole.lt("99999999999999999999999999999999999999")),
        one: count().where(price.is("1")),
        one_too: count().where(price.is(rate)),
        listed: count().where(price.in("0.1", "0.2000")),
        some: sum(rate.or("0.5")),
      },
    }),
    metric("sessions", { from, by: { account }, window: session("1m"), measures: { total: sum(wide), accounts: countDistinct(account) } }),
  ],
});
