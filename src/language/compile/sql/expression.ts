import {
  lookupColumn,
  typeOf,
  type Comparison,
  type Expression,
  type FieldExpression,
  type LiteralExpression,
} from "../../plan/expression.ts";
import { fitsInt64, integerDigits, isComputed, isExact, scaleOf } from "../exact-digits.ts";
import { DIGITS_MAX, type Dialect } from "./dialect.ts";
import { castSql, decimalType, quoteName } from "./sql-text.ts";

/** What an expression is evaluated over. */
export interface Scope {
  readonly dialect: Dialect;
  /** The node that it belongs to, for messages. */
  readonly node: string;
  /** SQL of a column, qualified, so that no alias can take its place. */
  readonly column: (field: Pick<FieldExpression, "source" | "path">) => string;
  /** SQL of the day that a model is computed for, as text. */
  readonly day?: string;
}

/** A scope over one relation, under the alias `s`. */
export const sourceScope = (dialect: Dialect, node: string): Scope => ({
  dialect,
  node,
  column: ({ path }) => `s.${quoteName(path)}`,
});

const OPERATORS: Record<Comparison, string> = {
  eq: "=",
  ne: "<>",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
};

/**
 * The SQL of an expression, by SQL's three-valued logic, exact. Its type is STRING, BIGINT, DECIMAL,
 * DOUBLE, BOOLEAN, or that of times. Throws `UNSUPPORTED_BY_ENGINE`, above all where a number may
 * have more than 38 digits.
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
      return `(${sql(expression.value)} IS NULL)`;
    case "and":
    case "or":
      if (expression.args.length === 0) return expression.kind === "and" ? "TRUE" : "FALSE";
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
      return minutesSql(sql(expression.from), sql(expression.to), scope);
    case "day":
      if (scope.day === undefined) throw refuse(scope, "only models have a day");
      return scope.day;
    case "call":
      throw refuse(
        scope,
        `${expression.fn} is for derived fields; derive it on the event and use that field`,
      );
  }
}

const refuse = ({ dialect, node }: Scope, reason: string) => dialect.unsupported(node, reason);

function literalSql({ type, value }: LiteralExpression, scope: Scope): string {
  switch (type.kind) {
    case "string":
      return scope.dialect.text(String(value));
    case "boolean":
      return value === true ? "TRUE" : "FALSE";
    case "timestamp":
      return scope.dialect.time(Number(value));
    case "float":
      return castSql(`'${Number(value)}'`, "DOUBLE");
    case "integer":
      if (BigInt.asIntN(64, BigInt(value)) !== BigInt(value)) {
        throw refuse(scope, `the integer ${value} has more than 64 bits`);
      }
      return castSql(`'${BigInt(value)}'`, "BIGINT");
    case "decimal":
      return castSql(`'${String(value)}'`, decimalType(DIGITS_MAX, type.scale));
  }
}

/** A decimal of so many digits; more than there are is refused. */
function boundedType(digits: number, scale: number, scope: Scope): string {
  if (digits > DIGITS_MAX) {
    throw refuse(scope, `it needs ${digits} digits, and a decimal has at most ${DIGITS_MAX}`);
  }
  return decimalType(Math.max(digits, 1), scale);
}

/** An exact number as a decimal of a type that holds it. */
function decimalSql(expression: Expression, digits: number, scale: number, scope: Scope): string {
  const type = boundedType(digits, scale, scope);
  const operand =
    expression.kind === "literal"
      ? `'${String(expression.value)}'`
      : expressionSql(expression, scope);
  return castSql(operand, type);
}

function compareSql(op: Comparison, left: Expression, right: Expression, scope: Scope): string {
  const [one, other] = comparable(left, right, scope);
  return `(${one} ${OPERATORS[op]} ${other})`;
}

/** Both sides in one type in which the engine compares them exactly. */
function comparable(left: Expression, right: Expression, scope: Scope): readonly [string, string] {
  const sides = [left, right] as const;
  const kinds = sides.map((side) => typeOf(side).type.kind);
  if (kinds.includes("float")) return [doubleSql(left, scope), doubleSql(right, scope)];
  const isWhole = !kinds.includes("decimal") && sides.every((each) => isWholeNumber(each));
  if (!isExact(left) || !isExact(right) || isWhole) {
    return [expressionSql(left, scope), expressionSql(right, scope)];
  }
  const scale = Math.max(...sides.map(scaleOf));
  const digits = Math.max(...sides.map(integerDigits)) + scale;
  return [decimalSql(left, digits, scale, scope), decimalSql(right, digits, scale, scope)];
}

/** Whether an integer is a BIGINT as it stands. */
const isWholeNumber = (expression: Expression): boolean =>
  isExact(expression) && !isComputed(expression) && fitsInt64(expression);

function doubleSql(expression: Expression, scope: Scope): string {
  const sql = expressionSql(expression, scope);
  return typeOf(expression).type.kind === "float" ? sql : castSql(sql, "DOUBLE");
}

function inSql(value: Expression, options: readonly LiteralExpression[], scope: Scope): string {
  const tested = expressionSql(value, scope);
  if (options.length === 0) return `(CASE WHEN ${tested} IS NOT NULL THEN FALSE END)`;
  if (typeOf(value).type.kind !== "string") {
    return `(${options.map((option) => compareSql("eq", value, option, scope)).join(" OR ")})`;
  }
  return `(${tested} IN (${options.map((option) => literalSql(option, scope)).join(", ")}))`;
}

/** The first that isn't null, in the type of the first. */
function coalesceSql({ args }: Extract<Expression, { kind: "coalesce" }>, scope: Scope): string {
  const coalesce = (sql: (arg: Expression) => string): string =>
    `COALESCE(${args.map(sql).join(", ")})`;
  const [first] = args as [Expression];
  if (typeOf(first).type.kind === "float") return coalesce((arg) => doubleSql(arg, scope));
  if (!isExact(first)) return coalesce((arg) => expressionSql(arg, scope));
  const scale = scaleOf(first);
  if (args.some((arg) => !isExact(arg) || scaleOf(arg) > scale)) {
    throw refuse(scope, "the first value of `or` can't hold the others exactly");
  }
  if (typeOf(first).type.kind === "integer" && args.every(isWholeNumber)) {
    return coalesce((arg) => expressionSql(arg, scope));
  }
  const digits = Math.max(...args.map(integerDigits)) + scale;
  return coalesce((arg) => decimalSql(arg, digits, scale, scope));
}

const SIGNS = { add: "+", subtract: "-", multiply: "*" } as const;

/**
 * Exact, as far as 38 digits go. Each operand has no more digits than it needs: the engines derive
 * the result's type from theirs, and where that would pass 38 they drop places.
 */
function arithmeticSql(
  expression: Extract<Expression, { kind: "arithmetic" }>,
  scope: Scope,
): string {
  const { op, left, right } = expression;
  if (typeOf(expression).type.kind === "float") {
    return `(${doubleSql(left, scope)} ${SIGNS[op]} ${doubleSql(right, scope)})`;
  }
  const scale = scaleOf(expression);
  const digits = integerDigits(expression) + scale;
  // The type of a product has a digit more than its factors together.
  boundedType(op === "multiply" && scale > 0 ? digits + 1 : digits, scale, scope);
  const operand = (each: Expression): string => {
    const own = op === "multiply" ? scaleOf(each) : scale;
    return decimalSql(each, integerDigits(each) + own, own, scope);
  };
  return `(${operand(left)} ${SIGNS[op]} ${operand(right)})`;
}

/** Minutes at 4 places, rounded half away from zero: milliseconds / 6 are ten-thousandths. */
function minutesSql(from: string, to: string, { dialect }: Scope): string {
  const ms = `(${dialect.millis(to)} - ${dialect.millis(from)})`;
  const whole = `(ABS(${ms}) + 3 - (ABS(${ms}) + 3) % 6)`;
  const sign = `(CASE WHEN ${ms} < 0 THEN -1 ELSE 1 END)`;
  // A sixth of a multiple of six: the quotient of decimals is exact.
  return castSql(
    `${castSql(`${whole} * ${sign}`, decimalType(18, 0))} / 60000`,
    decimalType(18, 4),
  );
}

/** An exact number in the type of the column that holds it; what doesn't fit is the engine's error. */
export function storedSql(expression: Expression, scope: Scope): string {
  const sql = expressionSql(expression, scope);
  const { type } = typeOf(expression);
  if (!isExact(expression) || !isComputed(expression)) return sql;
  if (type.kind === "integer") return castSql(sql, "BIGINT");
  return castSql(
    sql,
    boundedType(Math.max(DIGITS_MAX, scaleOf(expression)), scaleOf(expression), scope),
  );
}
