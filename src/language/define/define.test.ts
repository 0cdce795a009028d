import assert from "node:assert/strict";
import { test } from "node:test";
import {
  avg,
  count,
  countIf,
  event,
  metric,
  min,
  model,
  path,
  pipeline,
  ratio,
  rule,
  session,
  sliding,
  sum,
  t,
  table,
  tumbling,
} from "../../index.ts";
import { MillraceError } from "../../core/errors.ts";
import { topicAvro } from "../compile/avro/topic-avro.ts";
import { checkPlan } from "../plan/check/check-plan.ts";
import { parsePlan, serialisePlan } from "../plan/plan-json.ts";
import { topicsOf } from "../plan/topic.ts";
import { parseAvro } from "../schema/compatibility/parse-avro.ts";
import type { TextValue } from "./expression.ts";

type Equal<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
const expectType = <_ extends true>(): void => undefined;

const orders = event(
  "orders",
  {
    id: t.id(),
    at: t.timestamp(),
    buyer: t.string().subject(),
    state: t.oneOf("open", "paid"),
    weight: t.float().optional(),
    line: t.record({
      price: t.money(18, 2, "line.currency"),
      currency: t.string(),
      pieces: t.integer(),
      url: t.string().optional(),
    }),
  },
  { id: "id", time: "at", key: "buyer", derive: (o) => ({ page: path(o.line.url) }) },
);
const { state, line, weight, buyer, at } = orders.fields;

const paid = metric("paid", {
  from: orders,
  where: state.is("paid"),
  by: { currency: line.currency },
  window: tumbling("1h"),
  measures: { total: sum(line.price.times(line.pieces)), mean: avg(line.price) },
});

const plan = pipeline({ name: "test", events: [orders], metrics: [paid] }).plan;

test("types: what a definition accepts and refuses", () => {
  expectType<Equal<typeof state, TextValue<"open" | "paid">>>();
  expectType<Equal<keyof typeof paid.measures, "total" | "mean">>();
  // @ts-expect-error: not one of the values
  state.is("closed");
  // @ts-expect-error: a float has no exact sum
  sum(weight);
  // @ts-expect-error: a float times an integer is a float
  sum(weight.times(line.pieces));
  // @ts-expect-error: texts have no minimum
  min(buyer);
  // @ts-expect-error: a text isn't a condition
  countIf(buyer);
  // @ts-expect-error: no such field
  void line.colour;
  // @ts-expect-error: a time is compared with times
  at.before(line.price);
  // @ts-expect-error: the key must be a field
  event("x", { id: t.id(), at: t.timestamp() }, { id: "id", time: "at", key: "who" });
  // @ts-expect-error: a window needs a unit
  assert.throws(() => tumbling("5"), { code: "DEFINITION_INVALID" });
  // @ts-expect-error: no such measure
  void paid.measures.count;
  const dimension = table("d", { k: t.string() }, { key: "k" });
  // @ts-expect-error: a model is made from events, streams or models
  model("m", { from: dimension, by: {}, measures: { n: count() } });
});

test("a definition is inert and frozen all through", () => {
  const seen = new Set<unknown>();
  const frozen = (value: unknown): void => {
    if (value === null || typeof value !== "object" || seen.has(value)) return;
    seen.add(value);
    assert.ok(Object.isFrozen(value), JSON.stringify(value));
    Object.values(value).forEach(frozen);
  };
  frozen(plan);
  const before = serialisePlan(plan);
  t.string().optional();
  state.is("paid").and(line.pieces.gt(1)).not();
  assert.equal(serialisePlan(plan), before);
});

test("plan → JSON → plan is the same plan", () => {
  const again = parsePlan(serialisePlan(plan));
  assert.deepEqual(again, plan);
  assert.equal(serialisePlan(again), serialisePlan(plan));
  assert.throws(() => parsePlan("{}"), { code: "DEFINITION_INVALID" });
  assert.throws(() => parsePlan(`{"kind":"pipeline","format":2}`), { code: "DEFINITION_INVALID" });
});

test("an optional record makes its leaves nullable; derived columns come after the declared", () => {
  const [topic] = topicsOf(plan);
  assert.deepEqual(topic!.layout.columns.map((column) => column.name).slice(4, -3), [
    "id",
    "at",
    "buyer",
    "state",
    "weight",
    "line.price",
    "line.currency",
    "line.pieces",
    "line.url",
    "page",
  ]);
  assert.equal(topic!.layout.columns.find((column) => column.name === "weight")!.nullable, true);
});

/** What `check` says of a metric, as `field: message`. */
const problems = (...metrics: readonly ReturnType<typeof metric>[]): readonly string[] =>
  checkPlan(pipeline({ events: [orders], metrics }).plan).map(
    (each) => `${each.field}: ${each.message}`,
  );

test("check names the node, the field and a hint", () => {
  assert.deepEqual(checkPlan(plan), []);
  const mixed = metric("mixed", {
    from: orders,
    window: tumbling("1h"),
    measures: { total: sum(line.price) },
  });
  const [problem] = checkPlan(pipeline({ events: [orders], metrics: [mixed] }).plan);
  assert.deepEqual(problem, {
    node: "metric mixed",
    field: "total",
    message: "line.price may be in several currencies",
    hint: 'group by line.currency, or keep to one with where: line.currency.is("…")',
  });
});

test("check finds what the types can't", () => {
  const other = event(
    "other",
    { id: t.id(), at: t.timestamp(), who: t.string() },
    { id: "id", time: "at", key: "who" },
  );
  const each = (measures: Parameters<typeof metric>[1]["measures"], window = tumbling("1h")) =>
    metric("m", { from: orders, by: { c: line.currency }, window, measures });
  assert.match(
    problems(each({ n: countIf(other.fields.who.is("x")) }))[0]!,
    /^n: field who belongs to other/,
  );
  assert.match(problems(each({}))[0]!, /^measures: no measures/);
  assert.match(
    problems(each({ n: count() }, sliding("10m", "3m")))[0]!,
    /^window: a sliding window's size/,
  );
  assert.match(problems(each({ r: ratio(avg(line.price), count()) }))[0]!, /^r: a ratio of `avg`/);
  assert.match(
    problems(
      metric("m", {
        from: orders,
        by: { p: path(line.url) },
        window: session("5m"),
        measures: { n: count() },
      }),
    )[0]!,
    /^p: no engine evaluates `path`/,
  );
  const twice = checkPlan(pipeline({ events: [orders, orders] }).plan);
  assert.match(twice[0]!.message, /the name is taken by event orders/);
  const unknown = rule("r", { on: other, expect: other.fields.who.isNotNull(), severity: "warn" });
  assert.match(
    checkPlan(pipeline({ events: [orders], rules: [unknown] }).plan)[0]!.message,
    /^other isn't a part/,
  );
});

test("check refuses to keep events out by a lookup", () => {
  const people = table("people", { who: t.string() }, { key: "who" });
  const known = (severity: "warn" | "quarantine") =>
    rule("known", { on: orders, expect: line.currency.existsIn(people), severity });
  const found = (severity: "warn" | "quarantine") =>
    checkPlan(pipeline({ events: [orders], tables: [people], rules: [known(severity)] }).plan);
  assert.deepEqual(found("warn"), []);
  assert.match(found("quarantine")[0]!.message, /`existsIn` can't stand here/);
});

const seen = event(
  "seen",
  {
    id: t.id(),
    at: t.timestamp(),
    a: t.string(),
    in_a: t.string(),
    in: t.record({ a: t.string() }),
  },
  { id: "id", time: "at", key: "a" },
);

/** A pipeline with a rule for each key that `seen` looks the same table up by. */
const lookingUp = (...keys: readonly TextValue[]) => {
  const people = table("known-people", { name: t.string() }, { key: "name" });
  const rules = keys.map((key, index) =>
    rule(`known-${index}`, { on: seen, expect: key.existsIn(people), severity: "warn" }),
  );
  return pipeline({ events: [seen], tables: [people], rules }).plan;
};

test("a table may be looked up by several keys, each with a column of its own", () => {
  const { a, in: inner } = seen.fields;
  const plan = lookingUp(a, a, inner.a, a.or(inner.a), a.or("?"));
  assert.deepEqual(checkPlan(plan), []);
  const [topic] = topicsOf(plan);
  const columns = topic!.lookups.map(({ column }) => column);
  assert.deepEqual(columns.slice(0, 3), [
    "_in_known_people_by_a",
    "_in_known_people_by_in_a",
    "_in_known_people_by_a_or_in_a",
  ]);
  assert.match(columns[3]!, /^_in_known_people_by_a_or_[0-9a-f]{16}$/);
  assert.equal(columns.length, 4);
  assert.doesNotThrow(() => parseAvro(topicAvro(topic!, "test")));
});

test("check refuses two lookups that would share a column", () => {
  const { in_a, in: inner } = seen.fields;
  assert.deepEqual(checkPlan(lookingUp(in_a, inner.a)), [
    {
      node: "event seen",
      field: "_in_known_people_by_in_a",
      message: "two different lookups would share this column",
      hint: "give the table or the field that one of them looks up another name",
    },
  ]);
});

test("a mistake that can't be built says so at once", () => {
  assert.throws(() => t.decimal(39, 2), MillraceError);
  assert.throws(() => line.pieces.gt("many"), /isn't an exact number/);
  assert.throws(() => at.after("yesterday"), /isn't a time/);
});
