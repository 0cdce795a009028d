import { typeOf, type Expression } from "../plan/expression.ts";

/** Digits that a whole number of 64 bits has at most. */
export const INTEGER_DIGITS = 19;

/**
 * Digits before the point that an exact number may have at most. Arithmetic isn't bounded by its
 * type: an amount that doesn't fit is found where it is stored.
 */
export function integerDigits(expression: Expression): number {
  switch (expression.kind) {
    case "literal":
      return String(expression.value).replace("-", "").split(".")[0]!.length;
    case "coalesce":
      return Math.max(...expression.args.map(integerDigits));
    case "arithmetic": {
      const left = integerDigits(expression.left);
      const right = integerDigits(expression.right);
      return expression.op === "multiply" ? left + right : Math.max(left, right) + 1;
    }
    default:
      return typeDigits(expression);
  }
}

function typeDigits(expression: Expression): number {
  const { type } = typeOf(expression);
  return type.kind === "decimal" ? type.precision - type.scale : INTEGER_DIGITS;
}

/** Places after the point of an exact number. */
export function scaleOf(expression: Expression): number {
  const { type } = typeOf(expression);
  return type.kind === "decimal" ? type.scale : 0;
}

/** Whether a value is an exact number. */
export const isExact = (expression: Expression): boolean => {
  const { kind } = typeOf(expression).type;
  return kind === "integer" || kind === "decimal";
};

/** Whether an exact number may be wider than its type. */
export const isComputed = (expression: Expression): boolean =>
  expression.kind === "arithmetic" ||
  (expression.kind === "coalesce" && expression.args.some(isComputed));

/** Whether it is no constant beyond the integers of 64 bits. */
export const fitsInt64 = (expression: Expression): boolean =>
  expression.kind !== "literal" ||
  BigInt.asIntN(64, BigInt(expression.value)) === BigInt(expression.value);
