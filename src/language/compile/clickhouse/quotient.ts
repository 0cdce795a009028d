import { QUOTIENT_SCALE, type Component } from "../../plan/measure.ts";
import { overflowsDecimal } from "./exact-number.ts";

const scaleOf = ({ type }: Component): number => (type.kind === "decimal" ? type.scale : 0);

/** The whole number of a decimal's last places. */
const unscaled = (sql: string, scale: number): string =>
  scale === 0
    ? `toInt256(${sql})`
    : `toInt256(toDecimal256(${sql}, ${scale}) * toDecimal256('1${"0".repeat(scale)}', 0))`;

/**
 * The one division (`avg`, `ratio`): components' columns to decimal(38, 6), rounded half away from
 * zero; null where either is null or the denominator 0. `divideDecimal` cuts off instead, and
 * `avg` of decimals is a float.
 */
export function quotientSql(
  top: { readonly sql: string; readonly component: Component },
  bottom: { readonly sql: string; readonly component: Component },
): string {
  const shift = QUOTIENT_SCALE - scaleOf(top.component) + scaleOf(bottom.component);
  const raise = (sql: string, places: number): string =>
    places > 0 ? `(${sql} * toInt256('1${"0".repeat(places)}'))` : sql;
  const numerator = raise(unscaled(top.sql, scaleOf(top.component)), shift);
  const denominator = raise(unscaled(bottom.sql, scaleOf(bottom.component)), -shift);
  const isZero = `ifNull(${bottom.sql} = 0, true)`;
  const divisor = `if(${isZero}, toInt256(1), assumeNotNull(${denominator}))`;
  const rounded = `intDiv(abs(${numerator}) * 2 + abs(${divisor}), abs(${divisor}) * 2) * sign(${numerator}) * sign(${divisor})`;
  const decimal = `(toDecimal256(toInt256(${rounded}), 0) * toDecimal256('0.${"0".repeat(QUOTIENT_SCALE - 1)}1', ${QUOTIENT_SCALE}))`;
  return `if(${isZero} OR ${overflowsDecimal(decimal, QUOTIENT_SCALE)}, NULL, toDecimal128(${decimal}, ${QUOTIENT_SCALE}))`;
}

/** A measure's readable value from the SQL of its components, in their order. */
export function measureSql(
  components: readonly Component[],
  sql: (component: Component) => string,
): string {
  const [first, second] = components;
  return second === undefined
    ? sql(first!)
    : quotientSql({ sql: sql(first!), component: first! }, { sql: sql(second), component: second });
}
