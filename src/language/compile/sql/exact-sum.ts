import { DIGITS_MAX, type Dialect } from "./dialect.ts";
import { castSql, decimalType } from "./sql-text.ts";

/**
 * Sums of decimals that may pass 38 digits on their way, in engines whose decimals have no more. An
 * amount's digits are cut in half, each half is summed by itself (10^19 rows can't overflow it), and
 * the two sums are put together at the end, when it shows whether the total fits.
 */

const HALF = DIGITS_MAX / 2;
const BASE = castSql(`'1${"0".repeat(HALF)}'`, decimalType(HALF + 1, 0));
const WHOLE = decimalType(DIGITS_MAX, 0);

/** The 38 digits of a decimal without sign and point. (Spark's ABS rounds to 34 digits.) */
const digitsOf = (sql: string): string =>
  `RIGHT(CONCAT('${"0".repeat(DIGITS_MAX)}', REPLACE(REPLACE(CAST(${sql} AS STRING), '.', ''), '-', '')), ${DIGITS_MAX})`;

const signOf = (sql: string): string => `CASE WHEN ${sql} < 0 THEN '-' ELSE '' END`;

/** One half of a decimal's digits, with its sign: a whole number. */
const halfOf = (sql: string, from: number): string =>
  `CASE WHEN ${sql} IS NOT NULL THEN ${castSql(
    `CONCAT(${signOf(sql)}, SUBSTRING(${digitsOf(sql)}, ${from}, ${HALF}))`,
    WHOLE,
  )} END`;

/** The two aggregates over a column of decimals. */
export const halfSums = (column: string): readonly [high: string, low: string] => [
  `SUM(${halfOf(column, 1)})`,
  `SUM(${halfOf(column, HALF + 1)})`,
];

/** The total of two halves as a decimal of `scale` places; null where it has more than 38 digits. */
export function totalOf(high: string, low: string, scale: number, dialect: Dialect): string {
  const carry = halfOf(low, 1);
  const rest = halfOf(low, HALF + 1);
  const top = `(${high} + ${carry})`;
  // A unit of the high half goes to the low one, of either sign: then no product overflows before
  // the total does.
  const unit = `(CASE WHEN ${top} < 0 THEN -1 ELSE 1 END)`;
  const product = dialect.checked("*", castSql(`${top} - ${unit}`, WHOLE), BASE);
  const remainder = castSql(`${rest} + ${unit} * ${BASE}`, WHOLE);
  const total = dialect.checked("+", castSql(product, WHOLE), remainder);
  if (scale === 0) return castSql(total, WHOLE);
  return castSql(
    `CONCAT(${castSql(castSql(total, WHOLE), "STRING")}, 'E-${scale}')`,
    decimalType(DIGITS_MAX, scale),
  );
}
