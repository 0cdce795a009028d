import { typeOf, type Expression } from "../../plan/expression.ts";
import { unsupported } from "./unsupported.ts";

/**
 * ClickHouse's decimals have 64, 128 or 256 bits. Comparing and rescaling in too few of them gives
 * wrong answers in silence (26.7: `toDecimal128('9' × 38, 0) > toDecimal64('1.2345', 4)` is 0), so
 * each operation states the width that its greatest possible value needs.
 */
export const DIGITS = { integer: 19, narrow: 18, wide: 38, widest: 76 } as const;

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
  return type.kind === "decimal" ? type.precision - type.scale : DIGITS.integer;
}

/** Places after the point of an exact number. */
export function scaleOf(expression: Expression): number {
  const { type } = typeOf(expression);
  return type.kind === "decimal" ? type.scale : 0;
}

/** The conversion to a decimal of at least `digits` digits. */
export function decimalFunction(digits: number, node: string): string {
  if (digits <= DIGITS.narrow) return "toDecimal64";
  if (digits <= DIGITS.wide) return "toDecimal128";
  if (digits <= DIGITS.widest) return "toDecimal256";
  throw unsupported(node, `it needs ${digits} digits, and a decimal has at most ${DIGITS.widest}`);
}

/** SQL that is true where a number has more than 38 digits, `scale` of them after the point. */
export function overflowsDecimal(sql: string, scale: number): string {
  const nines = "9".repeat(DIGITS.wide);
  const whole = nines.slice(0, DIGITS.wide - scale) || "0";
  const greatest = scale === 0 ? whole : `${whole}.${nines.slice(DIGITS.wide - scale)}`;
  return `ifNull(abs(${sql}) > toDecimal256('${greatest}', ${scale}), false)`;
}

/** SQL that is true where a whole number isn't an Int64. */
export const overflowsInteger = (sql: string): string =>
  `ifNull(toDecimal256(${sql}, 0) NOT BETWEEN toDecimal256('-9223372036854775808', 0) AND toDecimal256('9223372036854775807', 0), false)`;
