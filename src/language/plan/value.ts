/**
 * A value in JavaScript: string → string, integer and decimal (unscaled) → bigint, float → number,
 * timestamp → number (ms), boolean → boolean, null → null.
 */
export type Value = string | bigint | number | boolean | null;
