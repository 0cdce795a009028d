import { fieldsIn, typeOf, type Expression } from "../../plan/expression.ts";
import { componentsOf, resultType } from "../../plan/measure.ts";
import type { ModelNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { ROW_FLAGS } from "../../schema/layout.ts";
import type { ValueType } from "../../schema/field-type.ts";
import { aggregateSql, type AggregateSql } from "../sql/aggregate.ts";
import { expressionSql, storedSql, type Scope } from "../sql/expression.ts";
import { finishedColumns, incompleteSql, resultColumns } from "../sql/results.ts";
import { quoteName, whereClause } from "../sql/sql-text.ts";
import { SPARK } from "./dialect.ts";
import { measureSql } from "./quotient.ts";

/** Says that an amount of a row didn't fit, or one of a row that it was made from. */
const INCOMPLETE = "_incomplete";

/** The columns of a model's table and their types: `_day` (none: a date) … `_incomplete`. */
export const modelColumns = (
  model: ModelNode,
): readonly { readonly name: string; readonly type?: ValueType }[] => [
  { name: "_day" },
  ...model.by.map(({ name, value }) => ({ name, type: typeOf(value).type })),
  ...model.measures.map(({ name, aggregate }) => ({ name, type: resultType(aggregate) })),
  ...model.compute.map(({ name, value }) => ({ name, type: typeOf(value).type })),
  { name: INCOMPLETE, type: { kind: "boolean" } },
];

/** What a model's SELECT reads. */
export interface ModelSelectOptions {
  /**
   * A table, a view or a subquery in brackets. Of a model over a topic it has the topic's columns,
   * of a model over a model that model's columns, `_day` among them.
   */
  readonly relation: string;
  /** Days with a start in [fromMs, toMs); both are starts of UTC days. Without it, all. */
  readonly range?: { readonly fromMs: number; readonly toMs: number };
  /** The topic that the model reads; absent where it reads a model. */
  readonly topic?: Topic;
  /** The topic of the joined table, and a relation with all versions of its rows. */
  readonly joined?: { readonly topic: Topic; readonly relation: string };
}

/** Under these names the source's and the joined table's rows stand inside the SELECT. */
const SOURCE = "s";
const JOINED = "j";
const DAY = "_millrace_day";
const KEY = "_millrace_key";
const FROM = "_millrace_from";
const UNTIL = "_millrace_until";

/**
 * A SELECT of the rows of a model for each day of a range, `modelColumns` in order. Days don't mix:
 * a range gives what its days one by one would, in one pass over the source. A joined table counts
 * as it was at the end of each day.
 */
export function modelSelect(model: ModelNode, options: ModelSelectOptions): string {
  const scope = modelScope(model);
  const components = model.measures.map(componentsOf);
  const all = components.flat();
  const aggregates = all.map((component) => unbounded(aggregateSql(component, scope)));
  const isNested = options.topic === undefined;
  const source = [
    `${SOURCE}.${DAY} AS _g`,
    ...model.by.map(({ value }, at) => `${storedSql(value, scope)} AS _d${at}`),
    ...aggregates.map(({ argument }, at) => `${argument} AS _v${at}`),
    ...(isNested ? [`${SOURCE}.${quoteName(INCOMPLETE)} AS _s`] : []),
  ];
  const filter = model.where === undefined ? [] : [expressionSql(model.where, scope)];
  const from = `${dailyRows(options)} AS ${SOURCE}${joinSql(model, options, scope)}`;
  const rows = `SELECT ${source.join(", ")} FROM ${from}${whereClause(filter)}`;
  const group = ["_g", ...model.by.map((_, at) => `_d${at}`)];
  const results = [
    ...resultColumns(aggregates),
    // A null among a model's amounts may be one that didn't fit: what leaves it out says so too.
    ...(isNested ? ["BOOL_OR(_s) AS _s"] : []),
  ];
  const grouped = `SELECT ${[...group, ...results].join(", ")} FROM (${rows}) GROUP BY ${group.join(", ")}`;
  const finished = [...group, ...finishedColumns(aggregates), ...(isNested ? ["_s"] : [])];
  const columns = [
    "_g AS `_day`",
    ...model.by.map(({ name }, at) => `_d${at} AS ${quoteName(name)}`),
    ...model.measures.map(({ name }, at) => {
      const value = measureSql(components[at]!, (component) => `_c${all.indexOf(component)}`);
      return `${value} AS ${quoteName(name)}`;
    }),
    `${isNested ? "_s OR " : ""}${incompleteSql(aggregates)} AS ${quoteName(INCOMPLETE)}`,
  ];
  const base = `SELECT ${columns.join(", ")} FROM (SELECT ${finished.join(", ")} FROM (${grouped}))`;
  return model.compute.length === 0 ? base : computed(model, base);
}

/** A model's `countDistinct` has no bound: batch counts all of them. */
function unbounded(aggregate: AggregateSql): AggregateSql {
  if (aggregate.distinct !== true) return aggregate;
  const { argument, calls } = aggregate;
  return { argument, calls, finish: ([n]) => n! };
}

const modelScope = (model: ModelNode): Scope => ({
  dialect: SPARK,
  node: model.name,
  day: `CAST(${SOURCE}.${DAY} AS STRING)`,
  column: ({ source, path }) =>
    `${model.join !== undefined && source === model.join.table ? JOINED : SOURCE}.${quoteName(path)}`,
});

/** The source's rows with the day that each belongs to. */
function dailyRows({ relation, range, topic }: ModelSelectOptions): string {
  const day = (ms: number): string => `CAST(${SPARK.time(ms)} AS DATE)`;
  if (topic === undefined) {
    const terms =
      range === undefined
        ? []
        : [`\`_day\` >= ${day(range.fromMs)}`, `\`_day\` < ${day(range.toMs)}`];
    return `(SELECT *, \`_day\` AS ${DAY} FROM ${relation}${whereClause(terms)})`;
  }
  const time = quoteName(topic.time);
  const terms =
    range === undefined
      ? []
      : [`${time} >= ${SPARK.time(range.fromMs)}`, `${time} < ${SPARK.time(range.toMs)}`];
  return `(SELECT *, CAST(${time} AS DATE) AS ${DAY} FROM ${relation}${whereClause(terms)})`;
}

/**
 * The newest version of a key before the end of each day: each version counts from its time until
 * that of the next; of several with one time that of the highest partition and offset. That a row
 * was deleted is a version that is joined with nothing.
 */
function joinSql(
  { join }: ModelNode,
  { joined }: ModelSelectOptions,
  scope: Scope,
  type = join?.type,
): string {
  if (join === undefined || joined === undefined) return "";
  const key = quoteName(joined.topic.key[0]!);
  const time = quoteName(joined.topic.time);
  const ranked = `SELECT *, ROW_NUMBER() OVER (PARTITION BY ${key}, ${time} ORDER BY \`_partition\` DESC, \`_offset\` DESC) AS _millrace_rank FROM ${joined.relation}`;
  const versions = `SELECT *, ${key} AS ${KEY}, ${time} AS ${FROM}, LEAD(${time}) OVER (PARTITION BY ${key} ORDER BY ${time}) AS ${UNTIL} FROM (${ranked}) WHERE _millrace_rank = 1`;
  const end = `CAST(DATE_ADD(${SOURCE}.${DAY}, 1) AS TIMESTAMP)`;
  const on = [
    `${expressionSql(join.on, scope)} = ${JOINED}.${KEY}`,
    `${JOINED}.${FROM} < ${end}`,
    `(${JOINED}.${UNTIL} IS NULL OR ${JOINED}.${UNTIL} >= ${end})`,
    `(${JOINED}.\`_flags\` & ${ROW_FLAGS.deleted}) = 0`,
  ];
  return ` ${type === "left" ? "LEFT" : "INNER"} JOIN (${versions}) AS ${JOINED} ON ${on.join(" AND ")}`;
}

/** Columns computed from the grouped ones, in the definition's order. */
function computed(model: ModelNode, base: string): string {
  const scope: Scope = {
    dialect: SPARK,
    node: model.name,
    day: "CAST(r.`_day` AS STRING)",
    column: ({ path }) => `r.${quoteName(path)}`,
  };
  const own = ["_day", ...model.by.map(({ name }) => name), ...model.measures.map((m) => m.name)];
  const columns = [
    ...own.map((name) => `r.${quoteName(name)} AS ${quoteName(name)}`),
    ...model.compute.map(({ name, value }) => `${storedSql(value, scope)} AS ${quoteName(name)}`),
    `r.${quoteName(INCOMPLETE)} AS ${quoteName(INCOMPLETE)}`,
  ];
  return `SELECT ${columns.join(", ")} FROM (${base}) AS r`;
}

const readsJoin = (model: ModelNode, expression: Expression): boolean =>
  fieldsIn(expression).some(({ source }) => source === model.join?.table);

/**
 * One row per day, `day` and `unmatched`: source rows that an inner join leaves out because the
 * table had no row of their key at the day's end.
 */
export function unmatchedSelect(model: ModelNode, options: ModelSelectOptions): string | undefined {
  if (model.join?.type !== "inner" || options.joined === undefined) return undefined;
  const scope = modelScope(model);
  const where = model.where !== undefined && !readsJoin(model, model.where) ? [model.where] : [];
  const filter = [...where.map((each) => expressionSql(each, scope)), `${JOINED}.${KEY} IS NULL`];
  const day = `CAST(${SOURCE}.${DAY} AS STRING)`;
  return `SELECT ${day} AS day, COUNT(*) AS unmatched FROM ${dailyRows(options)} AS ${SOURCE}${joinSql(model, options, scope, "left")}${whereClause(filter)} GROUP BY ${day} ORDER BY day`;
}
