import { QUOTIENT_SCALE, type Component } from "../../plan/measure.ts";
import { DIGITS_MAX } from "../sql/dialect.ts";
import { castSql, decimalType } from "../sql/sql-text.ts";

const scaleOf = ({ type }: Component): number => (type.kind === "decimal" ? type.scale : 0);
const wide = (sql: string, scale: number): string => castSql(sql, decimalType(DIGITS_MAX, scale));

/** A decimal times 10^`places`, as a whole number; by its text, which has all digits. */
const shifted = (sql: string, places: number): string =>
  places === 0
    ? wide(sql, 0)
    : `TRY_CAST(CONCAT(CAST(${sql} AS STRING), 'E${places}') AS ${decimalType(DIGITS_MAX, 0)})`;

/**
 * The one division (`avg`, `ratio`): components' columns to decimal(38, 6), rounded half away from
 * zero; null where either is null, the denominator 0, or the result has more than 38 digits.
 *
 * Spark divides to 38 places and rounds those to the places of the type that it derives, which is
 * to be 6: with a dividend of 38 digits it is where the dividend has at most 6 places more than the
 * divisor. To round twice is to round once as long as the divisor's digits and the dividend's
 * places are fewer than 32 together: a quotient can't lie so near to a half and miss it.
 */
export function quotientSql(
  top: { readonly sql: string; readonly component: Component },
  bottom: { readonly sql: string; readonly component: Component },
): string {
  const [places, divided] = [scaleOf(top.component), scaleOf(bottom.component)];
  const isNarrow = places - divided <= DIGITS_MAX - 32;
  const dividend = isNarrow ? wide(top.sql, places) : shifted(top.sql, places);
  const divisor = isNarrow ? wide(bottom.sql, divided) : shifted(bottom.sql, places);
  return castSql(`TRY_DIVIDE(${dividend}, ${divisor})`, decimalType(DIGITS_MAX, QUOTIENT_SCALE));
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
