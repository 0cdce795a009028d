import { INTEGER_DIGITS } from "../exact-digits.ts";
import { unsupported } from "./unsupported.ts";

/**
 * ClickHouse's decimals have 64, 128 or 256 bits. Comparing and rescaling in too few of them gives
 * wrong answers in silence (26.7: `toDecimal128('9' × 38, 0) > toDecimal64('1.2345', 4)` is 0), so
 * each operation states the width that its greatest possible value needs.
 */
export const DIGITS = { integer: INTEGER_DIGITS, narrow: 18, wide: 38, widest: 76 } as const;

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
