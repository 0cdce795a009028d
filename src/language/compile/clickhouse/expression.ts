import {
  lookupColumn,
  typeOf,
  type Comparison,
  type Expression,
  type FieldExpression,
  type LiteralExpression,
} from "../../plan/expression.ts";
import { fitsInt64, integerDigits, isComputed, isExact, scaleOf } from "../exact-digits.ts";
import { DIGITS, decimalFunction } from "./exact-number.ts";
import { millisOf, quoteName, quoteText, timeSql } from "./sql-text.ts";
import { unsupported } from "./unsupported.ts";

/** What an expression is evaluated over. */
export interface Scope {
  /** The node that it belongs to, for messages. */
  readonly node: string;
  /** SQL of a column, qualified, so that no alias can take its place. */
  readonly column: (field: Pick<FieldExpression, "source" | "path">) => string;
  /** SQL of the day that a model is computed for, as text. */
  readonly day?: string;
}

/** A scope over one relation, under the alias `s`. */
export const sourceScope = (node: string): Scope => ({
  node,
  column: ({ path }) => `s.${quoteName(path)}`,
});

const OPERATORS: Record<Comparison, string> = {
  eq: "=",
  ne: "!=",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
};

/**
 * The SQL of an expression, by SQL's three-valued logic, exact, an overflow throwing. Its type is
 * String, Int64, Decimal, Float64, Bool or UInt8, DateTime64(3, 'UTC'), Nullable where it may be
 * null. Throws `UNSUPPORTED_BY_ENGINE`.
 */
export function expressionSql(expression: Expression, scope: Scope): string {
  const sql = (each: Expression): string => expressionSql(each, scope);
  switch (expression.kind) {
    case "field":
      return scope.column(expression);
    case "literal":
      return literalSql(expression, scope);
    case "compare":
      return compareSql(expression.op, expression.left, expression.right, scope);
    case "in":
      return inSql(expression.value, expression.options, scope);
    case "isNull":
      return `isNull(${sql(expression.value)})`;
    case "and":
    case "or":
      if (expression.args.length === 0) return expression.kind === "and" ? "true" : "false";
      return `(${expression.args.map(sql).join(expression.kind === "and" ? " AND " : " OR ")})`;
    case "not":
      return `(NOT ${sql(expression.arg)})`;
    case "coalesce":
      return coalesceSql(expression, scope);
    case "arithmetic":
      return arithmeticSql(expression, scope);
    case "exists":
      return scope.column({ source: "", path: lookupColumn(expression) });
    case "minutesBetween":
      return minutesSql(sql(expression.from), sql(expression.to));
    case "day":
      if (scope.day === undefined) throw unsupported(scope.node, "only models have a day");
      return scope.day;
    case "call":
      throw unsupported(
        scope.node,
        `${expression.fn} is for derived fields; derive it on the event and use that field`,
      );
  }
}

function literalSql({ type, value }: LiteralExpression, scope: Scope): string {
  switch (type.kind) {
    case "string":
      return quoteText(String(value));
    case "boolean":
      return value === true ? "true" : "false";
    case "timestamp":
      return timeSql(Number(value));
    case "float":
      return `toFloat64(${Number(value)})`;
    case "integer": {
      const whole = BigInt(value);
      if (BigInt.asIntN(64, whole) !== whole) {
        throw unsupported(scope.node, `the integer ${value} has more than 64 bits`);
      }
      return `toInt64(${whole})`;
    }
    case "decimal":
      return `toDecimal128(${quoteText(String(value))}, ${type.scale})`;
  }
}

/** An exact number as a decimal of the width that `digits` takes, at `scale` places. */
function decimalSql(expression: Expression, digits: number, scale: number, scope: Scope): string {
  const convert = decimalFunction(digits, scope.node);
  const operand =
    expression.kind === "literal"
      ? quoteText(String(expression.value))
      : expressionSql(expression, scope);
  return `${convert}(${operand}, ${scale})`;
}

function compareSql(op: Comparison, left: Expression, right: Expression, scope: Scope): string {
  const [one, other] = comparable(left, right, scope);
  return `(${one} ${OPERATORS[op]} ${other})`;
}

/** Both sides in one type in which the engine compares them exactly. */
function comparable(left: Expression, right: Expression, scope: Scope): readonly [string, string] {
  const sides = [left, right] as const;
  const kinds = sides.map((side) => typeOf(side).type.kind);
  if (kinds.includes("float")) {
    return [toFloat(left, scope), toFloat(right, scope)];
  }
  if (!isExact(left) || !isExact(right)) {
    return [expressionSql(left, scope), expressionSql(right, scope)];
  }
  const whole = Math.max(...sides.map(integerDigits));
  if (!kinds.includes("decimal") && sides.every((side) => fitsInt64(side) && !isComputed(side))) {
    return [expressionSql(left, scope), expressionSql(right, scope)];
  }
  const scale = Math.max(...sides.map(scaleOf));
  return [
    decimalSql(left, whole + scale, scale, scope),
    decimalSql(right, whole + scale, scale, scope),
  ];
}

const toFloat = (expression: Expression, scope: Scope): string =>
  typeOf(expression).type.kind === "float"
    ? expressionSql(expression, scope)
    : `toFloat64(${expressionSql(expression, scope)})`;

function inSql(value: Expression, options: readonly LiteralExpression[], scope: Scope): string {
  if (options.length === 0) return `if(isNull(${expressionSql(value, scope)}), NULL, false)`;
  if (typeOf(value).type.kind !== "string") {
    return `(${options.map((option) => compareSql("eq", value, option, scope)).join(" OR ")})`;
  }
  const texts = options.map((option) => literalSql(option, scope)).join(", ");
  const tested = expressionSql(value, scope);
  return typeOf(value).nullable
    ? `if(isNull(${tested}), NULL, ${tested} IN (${texts}))`
    : `(${tested} IN (${texts}))`;
}

/** The first that isn't null, in the type of the first. */
function coalesceSql({ args }: Extract<Expression, { kind: "coalesce" }>, scope: Scope): string {
  const { type } = typeOf(args[0]!);
  if (type.kind === "float")
    return `coalesce(${args.map((arg) => toFloat(arg, scope)).join(", ")})`;
  if (!isExact(args[0]!)) {
    return `coalesce(${args.map((arg) => expressionSql(arg, scope)).join(", ")})`;
  }
  const scale = scaleOf(args[0]!);
  if (args.some((arg) => !isExact(arg) || scaleOf(arg) > scale)) {
    throw unsupported(scope.node, "the first value of `or` can't hold the others exactly");
  }
  if (type.kind === "integer" && !args.some(isComputed) && args.every(fitsInt64)) {
    return `coalesce(${args.map((arg) => expressionSql(arg, scope)).join(", ")})`;
  }
  const digits = Math.max(...args.map(integerDigits)) + scale;
  const same = args.map((arg) => decimalSql(arg, Math.max(digits, DIGITS.integer), scale, scope));
  return `coalesce(${same.join(", ")})`;
}

const SIGNS = { add: "+", subtract: "-", multiply: "*" } as const;

/** Exact and unbounded, as far as 76 digits go; whole numbers become decimals of scale 0. */
function arithmeticSql(
  expression: Extract<Expression, { kind: "arithmetic" }>,
  scope: Scope,
): string {
  const { op, left, right } = expression;
  if (typeOf(expression).type.kind === "float") {
    return `(${toFloat(left, scope)} ${SIGNS[op]} ${toFloat(right, scope)})`;
  }
  const scale = scaleOf(expression);
  const digits = Math.max(integerDigits(expression) + scale, DIGITS.integer);
  const operand = (each: Expression): string =>
    decimalSql(each, digits, op === "multiply" ? scaleOf(each) : scale, scope);
  return `(${operand(left)} ${SIGNS[op]} ${operand(right)})`;
}

/**
 * The SQL of an expression in the type of the column that stores it. A number that doesn't fit
 * throws in the engine.
 */
export function storedSql(expression: Expression, scope: Scope): string {
  const sql = expressionSql(expression, scope);
  const { type, nullable } = typeOf(expression);
  if (type.kind === "decimal" && type.scale > DIGITS.wide) {
    throw unsupported(scope.node, `a value has ${type.scale} places, and a column at most 38`);
  }
  // Conditions are UInt8 to the engine, and would be read as 0 and 1.
  if (type.kind === "boolean" && expression.kind !== "field") {
    return `CAST(${sql} AS ${nullable ? "Nullable(Bool)" : "Bool"})`;
  }
  if (!isExact(expression) || !isComputed(expression)) return sql;
  if (type.kind === "integer") {
    return `accurateCast(toInt256(${sql}), '${nullable ? "Nullable(Int64)" : "Int64"}')`;
  }
  if (integerDigits(expression) + scaleOf(expression) <= DIGITS.wide) return sql;
  // The reader of decimal text alone counts digits: an Int128 holds a little more than 38 of them.
  return `toDecimal128(toString(${sql}), ${scaleOf(expression)})`;
}

/** Minutes at 4 places, rounded half away from zero: milliseconds / 6 are ten-thousandths. */
function minutesSql(from: string, to: string): string {
  const ms = `(${millisOf(to)} - ${millisOf(from)})`;
  const rounded = `intDiv(abs(${ms}) + 3, 6) * sign(${ms})`;
  return `(toDecimal64(${rounded}, 0) * toDecimal64('0.0001', 4))`;
}
