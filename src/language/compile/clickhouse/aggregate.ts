import type { Component } from "../../plan/measure.ts";
import { typeOf, type Expression } from "../../plan/expression.ts";
import { integerDigits, isComputed, scaleOf } from "../exact-digits.ts";
import { DIGITS, overflowsDecimal, overflowsInteger } from "./exact-number.ts";
import { expressionSql, type Scope } from "./expression.ts";
import { unsupported } from "./unsupported.ts";

/**
 * One component as an aggregate function over one argument per row, in three steps, so that a
 * caller can aggregate rows, or states of rows, and give the result its exact type at the end.
 */
export interface AggregateSql {
  /** `count`, `sum`, `min`, `max` or `uniqExact`: nulls don't count for any of them. */
  readonly fn: "count" | "sum" | "min" | "max" | "uniqExact";
  /** The argument over a source row; null for a row that `where` leaves out. */
  readonly argument: string;
  /** The component's value, of its exact type; null for an amount that doesn't fit it. */
  readonly finish: (result: string) => string;
  /** Whether the value isn't exact: too many distinct values, or an amount that doesn't fit. */
  readonly incomplete?: (result: string) => string;
}

/** Restricts an argument to the rows for which `where` is true; evaluated for no other row. */
function restricted(argument: string, where: Expression | undefined, scope: Scope): string {
  return where === undefined ? argument : `if(${expressionSql(where, scope)}, ${argument}, NULL)`;
}

/** The SQL of a component. Throws `UNSUPPORTED_BY_ENGINE`. */
export function aggregateSql(component: Component, scope: Scope): AggregateSql {
  const { aggregate } = component;
  switch (aggregate.kind) {
    case "count":
      return {
        fn: "count",
        argument: restricted("toUInt8(1)", aggregate.where, scope),
        finish: (result) => `toInt64(${result})`,
      };
    case "sum":
      return sumSql(component, aggregate.value, aggregate.where, scope);
    case "min":
    case "max":
      return extremeSql(aggregate.kind, component.name, aggregate, scope);
    case "countDistinct":
      return {
        fn: "uniqExact",
        argument: restricted(expressionSql(aggregate.value, scope), aggregate.where, scope),
        finish: (result) => `toInt64(least(${result}, ${aggregate.limit}))`,
        incomplete: (result) => `${result} > ${aggregate.limit}`,
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
    throw unsupported(scope.node, `${name}: ${fn} of ${kind} doesn't exist`);
  }
  const argument = restricted(expressionSql(value, scope), where, scope);
  if (!isComputed(value) || kind === "float") return { fn, argument, finish: (result) => result };
  return { fn, argument, ...bounded(kind === "integer", name, scaleOf(value), scope) };
}

/**
 * Sums of Int64 and of Decimal(38) wrap in silence. A sum is taken in a type that no number of rows
 * can overflow, and its 38 digits are checked at the end.
 */
function sumSql(
  component: Component,
  value: Expression,
  where: Expression | undefined,
  scope: Scope,
): AggregateSql {
  const { kind } = typeOf(value).type;
  if (kind !== "integer" && kind !== "decimal") {
    throw unsupported(scope.node, `${component.name}: a sum of ${kind} isn't exact`);
  }
  const scale = scaleOf(value);
  const digits = integerDigits(value) + scale;
  // 10^18 rows add 18 digits.
  const limit = DIGITS.widest - DIGITS.narrow;
  if (digits > limit) {
    throw unsupported(
      scope.node,
      `${component.name}: the summed values may have ${digits} digits, at most ${limit} sum exactly`,
    );
  }
  const sql = expressionSql(value, scope);
  if (digits <= DIGITS.integer) {
    return {
      fn: "sum",
      argument: restricted(`toDecimal128(${sql}, ${scale})`, where, scope),
      finish: (result) => result,
    };
  }
  return {
    fn: "sum",
    argument: restricted(`toDecimal256(${sql}, ${scale})`, where, scope),
    ...bounded(false, component.name, scale, scope),
  };
}

/** Null, and marked as incomplete, where a wide number doesn't fit its column. */
function bounded(
  isInteger: boolean,
  name: string,
  scale: number,
  scope: Scope,
): Pick<AggregateSql, "finish" | "incomplete"> {
  if (scale > DIGITS.wide) {
    throw unsupported(scope.node, `${name}: the amount has ${scale} places, a column at most 38`);
  }
  const overflows = (result: string): string =>
    isInteger ? overflowsInteger(result) : overflowsDecimal(result, scale);
  const narrow = (result: string): string =>
    isInteger ? `toInt64(toInt256(${result}))` : `toDecimal128(${result}, ${scale})`;
  return {
    finish: (result) => `if(${overflows(result)}, NULL, ${narrow(result)})`,
    incomplete: overflows,
  };
}
