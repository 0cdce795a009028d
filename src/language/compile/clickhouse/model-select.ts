import { MillraceError } from "../../../core/errors.ts";
import { fieldsIn, typeOf, type Expression } from "../../plan/expression.ts";
import { componentsOf, resultType } from "../../plan/measure.ts";
import type { ModelNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { aggregateSql, type AggregateSql } from "./aggregate.ts";
import { valueTypeSql } from "./column-type.ts";
import { expressionSql, storedSql, type Scope } from "./expression.ts";
import { measureSql } from "./quotient.ts";
import { quoteName, timeSql, whereClause } from "./sql-text.ts";
import { isRow } from "./table-view.ts";

/** One column of a model's table. */
export interface ModelColumn {
  readonly name: string;
  readonly type: string;
}

/** Says that an amount of a row didn't fit, or one of a row that it was made from. */
const INCOMPLETE = "_incomplete";

/**
 * `_day` first, then `by`, measures and computed columns, in the definition's order, `_incomplete`.
 */
export function modelColumns(model: ModelNode): readonly ModelColumn[] {
  const columns: readonly ModelColumn[] = [
    { name: "_day", type: "Date" },
    ...model.by.map(({ name, value }) => {
      const { type, nullable } = typeOf(value);
      // A left join makes any field of the table nullable.
      return { name, type: valueTypeSql(type, nullable || readsOuterJoin(model, value)) };
    }),
    ...model.measures.map(({ name, aggregate }) => {
      const isCount = aggregate.kind === "count" || aggregate.kind === "countDistinct";
      return { name, type: valueTypeSql(resultType(aggregate), !isCount) };
    }),
    ...model.compute.map(({ name, value }) => ({
      name,
      type: valueTypeSql(typeOf(value).type, true),
    })),
    { name: INCOMPLETE, type: "Bool" },
  ];
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return columns;
  throw new MillraceError(
    "DEFINITION_INVALID",
    `the model ${model.name} has two columns named ${twice}`,
    { field: `${model.name}.${twice}`, hint: "give one of them another name" },
  );
}

const readsOuterJoin = (model: ModelNode, expression: Expression): boolean =>
  model.join?.type === "left" && readsJoin(model, expression);

const readsJoin = (model: ModelNode, expression: Expression): boolean =>
  fieldsIn(expression).some(({ source }) => source === model.join?.table);

/** What a model's SELECT reads. */
export interface ModelSelectOptions {
  /**
   * A table, a table function or a subquery in brackets. Of a model over a topic it has the topic's
   * columns, of a model over a model that model's columns, `_day` among them.
   */
  readonly relation: string;
  /** Days with a start in [fromMs, toMs); both are starts of UTC days. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The topic that the model reads; absent where it reads a model. */
  readonly topic?: Topic;
  /** The topic of the joined table. */
  readonly joined?: Topic;
}

/** Under these names the source's and the joined table's rows stand inside the SELECT. */
const SOURCE = "s";
const JOINED = "j";
const DAY = "_millrace_day";
/** True of versions; the default where a left join finds none. */
const KNOWN = "_millrace_known";

/**
 * A SELECT of the rows of a model for each day of a range, `modelColumns` in order. Days don't mix:
 * a range gives what its days one by one would, in one pass over the source. A joined table counts
 * as it was at the end of each day.
 */
export function modelSelect(model: ModelNode, options: ModelSelectOptions): string {
  const scope = modelScope(model, `${SOURCE}.${DAY}`);
  const measures = model.measures.map((measure) => ({
    measure,
    components: componentsOf(measure).map((component) => ({
      component,
      sql: aggregateSql(component, scope),
    })),
  }));
  const parts = measures.flatMap(({ components }) => components);
  const grouped = [
    `${SOURCE}.${DAY} AS _g`,
    ...model.by.map(({ value }, at) => `${storedSql(value, scope)} AS _d${at}`),
    ...parts.map(({ sql }, at) => `${sql.fn}(${sql.argument}) AS _a${at}`),
    // A null among a model's amounts may be one that didn't fit: what leaves it out says so too.
    ...(options.topic === undefined ? [`max(${SOURCE}.${quoteName(INCOMPLETE)}) AS _s`] : []),
  ];
  const filter = [
    ...(model.where === undefined ? [] : [expressionSql(model.where, scope)]),
    ...(model.join?.type === "inner" ? [isRow(JOINED)] : []),
  ];
  const group = ["_g", ...model.by.map((_, at) => `_d${at}`)].join(", ");
  const from = `${dailyRows(options)} AS ${SOURCE}${joinSql(model, options, scope)}`;
  const rows = `SELECT ${grouped.join(", ")} FROM ${from}${whereClause(filter)} GROUP BY ${group} SETTINGS join_use_nulls = 1`;

  // Components get their exact values under names of their own before any is divided.
  const finished = parts.map(({ sql }, at) => `${modelValue(sql, `_a${at}`)} AS _v${at}`);
  const marks = [
    ...(options.topic === undefined ? ["_s"] : []),
    ...parts.flatMap(({ sql }, at) => modelMark(sql, `_a${at}`) ?? []),
  ];
  const mark = `CAST(${marks.join(" OR ") || "false"} AS Bool) AS _i`;
  const values = ["_g", ...model.by.map((_, at) => `_d${at}`), ...finished, mark].join(", ");
  const indexOf = new Map(parts.map(({ component }, at) => [component, at]));
  const columns = [
    "_g AS `_day`",
    ...model.by.map(({ name }, at) => `_d${at} AS ${quoteName(name)}`),
    ...measures.map(({ measure, components }) => {
      const own = components.map((each) => each.component);
      return `${measureSql(own, (each) => `_v${indexOf.get(each)!}`)} AS ${quoteName(measure.name)}`;
    }),
    `_i AS ${quoteName(INCOMPLETE)}`,
  ];
  const base = `SELECT ${columns.join(", ")} FROM (SELECT ${values} FROM (${rows}))`;
  return model.compute.length === 0 ? base : computed(model, base);
}

/** A model's `countDistinct` has no bound: batch counts all of them. */
const modelValue = (sql: AggregateSql, result: string): string =>
  sql.fn === "uniqExact" ? `toInt64(${result})` : sql.finish(result);

const modelMark = (sql: AggregateSql, result: string): string | undefined =>
  sql.fn === "uniqExact" ? undefined : sql.incomplete?.(result);

function modelScope(model: ModelNode, day: string): Scope {
  return {
    node: model.name,
    day: `toString(${day})`,
    column: ({ source, path }) => {
      if (model.join === undefined || source !== model.join.table) {
        return `${SOURCE}.${quoteName(path)}`;
      }
      const joined = `${JOINED}.${quoteName(path)}`;
      return model.join.type === "inner" ? joined : `if(${isRow(JOINED)}, ${joined}, NULL)`;
    },
  };
}

/** The source's rows of the range, each with its day. */
function dailyRows({ relation, fromMs, toMs, topic }: ModelSelectOptions): string {
  if (topic === undefined) {
    const bounds = `\`_day\` >= toDate(${timeSql(fromMs)}) AND \`_day\` < toDate(${timeSql(toMs)})`;
    return `(SELECT *, \`_day\` AS ${DAY} FROM ${relation} WHERE ${bounds})`;
  }
  const time = quoteName(topic.time);
  const bounds = `${time} >= ${timeSql(fromMs)} AND ${time} < ${timeSql(toMs)}`;
  return `(SELECT *, toDate(${time}, 'UTC') AS ${DAY} FROM ${relation} WHERE ${bounds})`;
}

/**
 * The newest version of a key before the end of each day, be it that the row was deleted. One
 * version of each key and time is kept (the highest partition and offset); ASOF then finds the last
 * one in time.
 */
function joinSql(
  { join }: ModelNode,
  { joined }: ModelSelectOptions,
  scope: Scope,
  type = join?.type,
): string {
  if (join === undefined || joined === undefined) return "";
  const key = quoteName(joined.key[0]!);
  const time = quoteName(joined.time);
  const versions = `SELECT *, true AS ${KNOWN} FROM ${quoteName(joined.name)} ORDER BY ${key}, ${time}, \`_partition\` DESC, \`_offset\` DESC LIMIT 1 BY ${key}, ${time}`;
  const on = expressionSql(join.on, scope);
  const end = `toDateTime64(${SOURCE}.${DAY} + 1, 3, 'UTC')`;
  return ` ASOF ${type === "left" ? "LEFT" : "INNER"} JOIN (${versions}) AS ${JOINED} ON ${on} = ${JOINED}.${key} AND ${end} > ${JOINED}.${time}`;
}

/** Columns computed from the grouped ones, in the definition's order. */
function computed(model: ModelNode, base: string): string {
  const scope: Scope = {
    node: model.name,
    day: "toString(r.`_day`)",
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

/**
 * One row per day, `day` and `unmatched`: source rows that an inner join leaves out because the
 * table had no row of their key at the day's end.
 */
export function unmatchedSelect(model: ModelNode, options: ModelSelectOptions): string | undefined {
  if (model.join?.type !== "inner" || options.joined === undefined) return undefined;
  const scope = modelScope(model, `${SOURCE}.${DAY}`);
  const where = model.where !== undefined && !readsJoin(model, model.where) ? [model.where] : [];
  const filter = [
    ...where.map((each) => expressionSql(each, scope)),
    `NOT ${JOINED}.${KNOWN} OR NOT ${isRow(JOINED)}`,
  ];
  return `SELECT toString(${SOURCE}.${DAY}) AS day, count() AS unmatched FROM ${dailyRows(options)} AS ${SOURCE}${joinSql(model, options, scope, "left")}${whereClause(filter)} GROUP BY day ORDER BY day SETTINGS join_use_nulls = 0`;
}
