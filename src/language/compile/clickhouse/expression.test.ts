import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { count, event, metric, min, session, sum, t, tumbling } from "../../../index.ts";
import type { Expression } from "../../plan/expression.ts";
import { topicsOf } from "../../plan/topic.ts";
import { pipeline } from "../../../index.ts";
import { expressionSql, sourceScope } from "./expression.ts";
import { metricColumns } from "./metric-columns.ts";
import { metricSelect } from "./metric-select.ts";
import { meaningOfTable, metricTableNames } from "./metric-tables.ts";
import { quoteName, quoteText } from "./sql-text.ts";

const things = event(
  "things",
  {
    event_id: t.id(),
    at: t.timestamp(),
    name: t.string(),
    other: t.string().optional(),
    price: t.decimal(18, 4),
    rate: t.decimal(38, 38),
    huge: t.decimal(38, 2),
    whole: t.integer(),
    heat: t.float(),
  },
  { id: "event_id", time: "at", key: "name" },
);
const f = things.fields;
const topic = topicsOf(pipeline({ events: [things] }).plan)[0]!;
const sql = (value: { readonly node: Expression }): string =>
  expressionSql(value.node, sourceScope("a-metric"));

describe("expressions in ClickHouse's SQL", () => {
  test("names and texts can't end their quotes", () => {
    assert.equal(quoteName("a`b\\"), "`a\\`b\\\\`");
    assert.equal(quoteText("it's \\ \0"), "'it\\'s \\\\ \\0'");
    assert.equal(sql(f.name.is("'); DROP TABLE x --")), "(s.`name` = '\\'); DROP TABLE x --')");
  });

  test("comparisons take as many bits as both sides need", () => {
    assert.equal(sql(f.price.gt(0)), "(toDecimal64(s.`price`, 4) > toDecimal64('0', 4))");
    assert.equal(
      sql(f.price.lt(f.whole)),
      "(toDecimal128(s.`price`, 4) < toDecimal128(s.`whole`, 4))",
    );
    assert.equal(
      sql(f.huge.gte(f.rate)),
      "(toDecimal256(s.`huge`, 38) >= toDecimal256(s.`rate`, 38))",
    );
    assert.equal(sql(f.whole.is(3)), "(s.`whole` = toInt64(3))");
    assert.equal(sql(f.heat.gt(f.whole)), "(s.`heat` > toFloat64(s.`whole`))");
  });

  test("null stays null in `in`", () => {
    assert.equal(sql(f.other.in("a")), "if(isNull(s.`other`), NULL, s.`other` IN ('a'))");
    assert.equal(sql(f.name.in("a", "b")), "(s.`name` IN ('a', 'b'))");
  });

  test("arithmetic is exact in decimals", () => {
    assert.equal(
      sql(f.price.times(f.whole)),
      "(toDecimal128(s.`price`, 4) * toDecimal128(s.`whole`, 0))",
    );
    assert.equal(
      sql(f.huge.plus(f.price)),
      "(toDecimal256(s.`huge`, 4) + toDecimal256(s.`price`, 4))",
    );
  });

  test("what can't be exact is refused by name", () => {
    const refused = (value: { readonly node: Expression }, reason: RegExp): void => {
      assert.throws(() => sql(value), { code: "UNSUPPORTED_BY_ENGINE", message: reason });
    };
    refused(f.huge.times(f.huge).times(f.huge), /a-metric.*needs 114 digits/);
    refused(f.price.or(f.rate), /can't hold the others exactly/);
    const node = { kind: "call", fn: "lower", args: [f.name.node] } as const;
    refused({ node }, /derive it on the event/);
    refused({ node: { kind: "day" } }, /only models have a day/);
  });
});

describe("metrics in ClickHouse's SQL", () => {
  const options = { relation: "r", lateness: "all", fromMs: 0, toMs: 1 } as const;

  test("what has no canonical key or no exact sum is refused", () => {
    const byFloat = metric("m", {
      from: things,
      by: { heat: f.heat },
      window: tumbling("1m"),
      measures: { n: count() },
    });
    assert.throws(() => metricSelect(byFloat.node, topic, options), {
      code: "UNSUPPORTED_BY_ENGINE",
      field: "m",
    });
    const heat = metric("m", {
      from: things,
      window: tumbling("1m"),
      measures: { heat: sum(f.heat as never) },
    });
    assert.throws(() => metricSelect(heat.node, topic, options), { message: /isn't exact/ });
    const text = metric("m", {
      from: things,
      window: tumbling("1m"),
      measures: { first: min(f.name as never) },
    });
    assert.throws(() => metricSelect(text.node, topic, options), { message: /doesn't exist/ });
    const stays = metric("m", { from: things, window: session("1m"), measures: { n: count() } });
    assert.throws(() => metricSelect(stays.node, topic, options), { message: /how far it reads/ });
  });

  test("two columns of one name are refused", () => {
    const twice = metric("m", {
      from: things,
      by: { version: f.name },
      window: tumbling("1m"),
      measures: { n: count() },
    });
    assert.throws(() => metricColumns(twice.node, topic.layout), {
      code: "DEFINITION_INVALID",
      field: "m.version",
    });
  });

  test("tables carry the metric's meaning in their names", () => {
    const one = metric("m", { from: things, window: tumbling("1m"), measures: { n: count() } });
    const names = metricTableNames(one.node);
    assert.match(names.closed, /^m__[0-9a-f]{8}$/);
    assert.equal(meaningOfTable("m", names.open), names.closed.slice(3));
    assert.equal(meaningOfTable("m", "m__x"), undefined);
    assert.equal(meaningOfTable("other", names.open), undefined);
  });
});
