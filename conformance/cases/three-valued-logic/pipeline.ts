import { and, count, event, metric, not, or, pipeline, session, t, tumbling } from "millrace";

export const about =
  "Conditions follow SQL's three-valued logic: null with anything is null, unless the other decides; " +
  "a condition that is null takes no event, in a where as in a measure. The truth tables, one measure a cell.";

export const shows = {
  "node metric": ["nulls"],
  "expression field": ["nulls"],
  "expression literal": ["nulls"],
  "expression compare": ["nulls"],
  "expression and": ["nulls"],
  "expression or": ["nulls"],
  "expression not": ["nulls"],
  "expression isNull": ["nulls"],
  "expression in": ["nulls"],
} as const;

const facts = event(
  "facts",
  { event_id: t.id(), at: t.timestamp(), p: t.boolean().optional(), q: t.boolean().optional(), x: t.integer().optional(), s: t.string().optional() },
  { id: "event_id", time: "at", key: "event_id" },
);
const { p, q, x, s } = facts.fields;
const from = facts;
const window = tumbling("1h");
const n = count();

export default pipeline({
  name: "three-valued-logic",
  events: [facts],
  metrics: [
    metric("truth", {
      from,
      window,
      measures: {
        p_and_q: n.where(p.and(q)),
        not_p_and_q: n.where(not(p.and(q))),
        null_p_and_q: n.where(and(p, q).isNull()),
        p_or_q: n.where(p.or(q)),
        not_p_or_q: n.where(not(or(p, q))),
        null_p_or_q: n.where(or(p, q).isNull()),
        not_p: n.where(p.not()),
        null_not_p: n.where(not(p).isNull()),
        known: n.where(p.isNotNull()),
      },
    }),
    metric("compared", {
      from,
      window,
      measures: {
        is: n.where(x.is(2)),
        is_not: n.where(x.isNot(2)),
        less: n.where(x.lt(2)),
        at_most: n.where(x.lte(2)),
        more: n.where(x.gt(2)),
        at_least: n.where(x.gte(2)),
        not_more: n.where(x.gt(2).not()),
        itself: n.where(x.is(x)),
        listed: n.where(x.in(1, 3)),
        not_listed: n.where(x.in(1, 3).not()),
        null_listed: n.where(x.in(1, 3).isNull()),
        text: n.where(s.is("")),
        text_not: n.where(s.isNot("")),
        text_listed: n.where(s.in("a", "é😀")),
        text_not_listed: n.where(not(s.in("a", "é😀"))),
      },
    }),
    // Null: not taken. Not false: not taken, where it is null.
    metric("where_null", { from, window, where: x.gt(2), measures: { n } }),
    metric("where_session", { from, window: session("1h"), where: x.gt(2), measures: { n } }),
    metric("where_not", { from, window, where: not(x.gt(2)), measures: { n } }),
  ],
});
