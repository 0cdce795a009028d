/**
 * A second, slow reading of the expression algebra, written apart from every compiler: records in,
 * values out, exact numbers as fractions of powers of ten.
 */
import type { Expression } from "../../src/language/plan/expression.ts";
import { lookupColumn, typeOf } from "../../src/language/plan/expression.ts";
import type { Value } from "../../src/language/plan/value.ts";
import type { ValueType } from "../../src/language/schema/field-type.ts";

/** One record: values by column name. */
export type OracleRecord = ReadonlyMap<string, Value>;

interface Exact {
  readonly digits: bigint;
  readonly scale: number;
}

type Evaluated = string | boolean | number | Exact | null;

/** The value of an expression over a record, in the form that rows have. */
export function evaluate(expression: Expression, record: OracleRecord): Value {
  const value = reduce(expression, record);
  if (value === null || typeof value !== "object") return value;
  const { type } = typeOf(expression);
  return atScale(value, type.kind === "decimal" ? type.scale : 0);
}

const isExact = (value: Evaluated): value is Exact => typeof value === "object" && value !== null;

const atScale = ({ digits, scale }: Exact, to: number): bigint =>
  digits * 10n ** BigInt(to - scale);

function lift(value: Value, type: ValueType): Evaluated {
  if (typeof value !== "bigint") return value;
  return { digits: value, scale: type.kind === "decimal" ? type.scale : 0 };
}

function reduce(expression: Expression, record: OracleRecord): Evaluated {
  const of = (each: Expression): Evaluated => reduce(each, record);
  switch (expression.kind) {
    case "field":
      return lift(record.get(expression.path) ?? null, expression.type);
    case "exists":
      return (record.get(lookupColumn(expression)) ?? null) as boolean | null;
    case "literal":
      return literal(expression.type, expression.value);
    case "isNull":
      return of(expression.value) === null;
    case "not": {
      const arg = of(expression.arg);
      return arg === null ? null : arg === false;
    }
    case "and": {
      const args = expression.args.map(of);
      return args.includes(false) ? false : args.includes(null) ? null : true;
    }
    case "or": {
      const args = expression.args.map(of);
      return args.includes(true) ? true : args.includes(null) ? null : false;
    }
    case "coalesce":
      return expression.args.map(of).find((each) => each !== null) ?? null;
    case "in": {
      const value = of(expression.value);
      if (value === null) return null;
      return expression.options.some((option) => order(value, of(option)!) === 0);
    }
    case "compare": {
      const left = of(expression.left);
      const right = of(expression.right);
      if (left === null || right === null) return null;
      const sign = order(left, right);
      return {
        eq: sign === 0,
        ne: sign !== 0,
        lt: sign < 0,
        lte: sign <= 0,
        gt: sign > 0,
        gte: sign >= 0,
      }[expression.op];
    }
    case "arithmetic":
      return calculate(expression.op, of(expression.left), of(expression.right));
    default:
      throw new Error(`the oracle doesn't know ${expression.kind}`);
  }
}

function literal(type: ValueType, value: string | number | boolean): Evaluated {
  if (type.kind !== "integer" && type.kind !== "decimal") return value;
  const [whole = "0", fraction = ""] = String(value).split(".");
  return { digits: BigInt(whole + fraction), scale: fraction.length };
}

function order(left: Exclude<Evaluated, null>, right: Exclude<Evaluated, null>): number {
  if (isExact(left) && isExact(right)) {
    const scale = Math.max(left.scale, right.scale);
    const difference = atScale(left, scale) - atScale(right, scale);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  if (typeof left === "string" && typeof right === "string") {
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  }
  const [a, b] = [left, right].map((each) => Number(isExact(each) ? float(each) : each)) as [
    number,
    number,
  ];
  return a < b ? -1 : a > b ? 1 : 0;
}

const float = ({ digits, scale }: Exact): number => Number(`${digits}e-${scale}`);

function calculate(
  op: "add" | "subtract" | "multiply",
  left: Evaluated,
  right: Evaluated,
): Evaluated {
  if (left === null || right === null) return null;
  if (!isExact(left) || !isExact(right)) {
    const a = isExact(left) ? float(left) : (left as number);
    const b = isExact(right) ? float(right) : (right as number);
    return op === "add" ? a + b : op === "subtract" ? a - b : a * b;
  }
  if (op === "multiply") {
    return { digits: left.digits * right.digits, scale: left.scale + right.scale };
  }
  const scale = Math.max(left.scale, right.scale);
  const [a, b] = [atScale(left, scale), atScale(right, scale)];
  return { digits: op === "add" ? a + b : a - b, scale };
}
