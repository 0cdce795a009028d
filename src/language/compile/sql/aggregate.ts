import type { Component } from "../../plan/measure.ts";
import { typeOf, type Expression } from "../../plan/expression.ts";
import { integerDigits, isComputed, scaleOf } from "../exact-digits.ts";
import { DIGITS_MAX } from "./dialect.ts";
import { halfSums, totalOf } from "./exact-sum.ts";
import { expressionSql, type Scope } from "./expression.ts";
import { castSql, decimalType } from "./sql-text.ts";

/**
 * One component in three steps, so that a caller can restrict the rows, aggregate, and give the
 * results their exact type at the end.
 */
export interface AggregateSql {
  /** The argument over a source row; null for a row that doesn't count. */
  readonly argument: string;
  /** The aggregates over a column of arguments. */
  readonly calls: (column: string) => readonly string[];
  /** The component's value from the results; null for an amount that doesn't fit its type. */
  readonly finish: (results: readonly string[]) => string;
  /**
   * Whether the value isn't exact: too many distinct values, or an amount that doesn't fit. `value`
   * is the SQL of what `finish` made.
   */
  readonly incomplete?: (results: readonly string[], value: string) => string;
  /** Whether it counts distinct values; a model has no bound for them. */
  readonly distinct?: true;
}

/** 10^18 rows add 18 digits. */
const NARROW_SUM = DIGITS_MAX - 18;

const doesNotFit = ([result]: readonly string[], value: string): string =>
  `(${result} IS NOT NULL AND ${value} IS NULL)`;

const only = (results: readonly string[]): string => results[0]!;

/** Restricts an argument to the rows for which `where` is true. */
const restricted = (argument: string, where: Expression | undefined, scope: Scope): string =>
  where === undefined ? argument : `CASE WHEN ${expressionSql(where, scope)} THEN ${argument} END`;

/** The SQL of a component. Throws `UNSUPPORTED_BY_ENGINE`. */
export function aggregateSql(component: Component, scope: Scope): AggregateSql {
  const { aggregate, name } = component;
  switch (aggregate.kind) {
    case "count":
      return {
        argument: restricted("1", aggregate.where, scope),
        calls: (column) => [`COUNT(${column})`],
        finish: only,
      };
    case "sum":
      return sumSql(name, aggregate.value, aggregate.where, scope);
    case "min":
    case "max":
      return extremeSql(aggregate.kind, name, aggregate, scope);
    case "countDistinct":
      return {
        argument: restricted(expressionSql(aggregate.value, scope), aggregate.where, scope),
        calls: (column) => [`COUNT(DISTINCT ${column})`],
        finish: ([n]) =>
          `CASE WHEN ${n} > ${aggregate.limit} THEN ${castSql(String(aggregate.limit), "BIGINT")} ELSE ${n} END`,
        incomplete: ([n]) => `${n} > ${aggregate.limit}`,
        distinct: true,
      };
  }
}

function extremeSql(
  fn: "min" | "max",
  name: string,
  { value, where }: { readonly value: Expression; readonly where?: Expression },
  scope: Scope,
): AggregateSql {
  const { kind } = typeOf(value).type;
  if (kind === "string" || kind === "boolean") {
    throw scope.dialect.unsupported(scope.node, `${name}: ${fn} of ${kind} doesn't exist`);
  }
  const common = {
    argument: restricted(expressionSql(value, scope), where, scope),
    calls: (column: string) => [`${fn.toUpperCase()}(${column})`],
  };
  if (!isComputed(value) || kind === "float") return { ...common, finish: only };
  if (kind !== "integer") {
    const type = decimalType(DIGITS_MAX, scaleOf(value));
    return { ...common, finish: ([result]) => castSql(result!, type) };
  }
  const fits = (result: string): string =>
    `${result} BETWEEN CAST('-9223372036854775808' AS DECIMAL(19, 0)) AND CAST('9223372036854775807' AS DECIMAL(19, 0))`;
  return {
    ...common,
    finish: ([result]) => `CASE WHEN ${fits(result!)} THEN ${castSql(result!, "BIGINT")} END`,
    incomplete: doesNotFit,
  };
}

/** Beyond 38 digits the engines' sums are null, or an error: those that may come there go by halves. */
function sumSql(
  name: string,
  value: Expression,
  where: Expression | undefined,
  scope: Scope,
): AggregateSql {
  const { kind } = typeOf(value).type;
  if (kind !== "integer" && kind !== "decimal") {
    throw scope.dialect.unsupported(scope.node, `${name}: a sum of ${kind} isn't exact`);
  }
  const scale = scaleOf(value);
  const digits = integerDigits(value) + scale;
  const sql = expressionSql(value, scope);
  if (digits <= NARROW_SUM) {
    return {
      argument: restricted(castSql(sql, decimalType(DIGITS_MAX, scale)), where, scope),
      calls: (column) => [`SUM(${column})`],
      finish: only,
    };
  }
  const total = ([high, low]: readonly string[]): string =>
    totalOf(high!, low!, scale, scope.dialect);
  return {
    argument: restricted(sql, where, scope),
    calls: halfSums,
    finish: total,
    incomplete: doesNotFit,
  };
}
