/**
 * Exact decimals as whole numbers of the last place: `12.34` at scale 2 is `1234n`. Nothing here
 * passes through a float.
 */

/** The unscaled value of decimal text (JSON's number syntax, or the same with a leading `+`). */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const shift = Number(exponent) + scale - fraction.length;
  if (Math.abs(shift) > 500) return BigInt(whole + fraction) === 0n ? 0n : undefined;
  let value = BigInt(whole + fraction);
  if (shift >= 0) value *= 10n ** BigInt(shift);
  else {
    const divisor = 10n ** BigInt(-shift);
    if (value % divisor !== 0n) return undefined; // more places than the scale holds: not exact
    value /= divisor;
  }
  return sign === "-" ? -value : value;
}

/** Decimal text of an unscaled value, always with `scale` places: `1234n`, 2 → `"12.34"`. */
export function formatDecimal(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const text = scale === 0 ? whole : `${whole}.${digits.slice(digits.length - scale)}`;
  return negative ? `-${text}` : text;
}

/** Whether an unscaled value has at most `precision` digits. */
export const fitsPrecision = (unscaled: bigint, precision: number): boolean => {
  const bound = 10n ** BigInt(precision);
  return unscaled < bound && unscaled > -bound;
};

/**
 * `numerator / denominator` at `scale` places, rounded half away from zero (SQL's HALF_UP).
 * Both arguments are unscaled values of the same scale. `undefined` when the denominator is 0.
 */
export function divideHalfUp(
  numerator: bigint,
  denominator: bigint,
  scale: number,
): bigint | undefined {
  if (denominator === 0n) return undefined;
  const negative = numerator < 0n !== denominator < 0n;
  const top = (numerator < 0n ? -numerator : numerator) * 10n ** BigInt(scale);
  const bottom = denominator < 0n ? -denominator : denominator;
  const rounded = (top * 2n + bottom) / (bottom * 2n);
  return negative ? -rounded : rounded;
}
