import { BYTE, isDigit } from "./byte-class.ts";

/**
 * The end of the JSON number that begins at `at`, by RFC 8259's grammar; -1 when there is none.
 * What follows it is the caller's to check.
 */
export function scanNumber(bytes: Uint8Array, at: number): number {
  let here = at;
  if (bytes[here] === BYTE.minus) here++;
  if (bytes[here] === BYTE.zero) here++;
  else {
    if (!isDigit(bytes[here])) return -1;
    while (isDigit(bytes[here])) here++;
  }
  if (bytes[here] === BYTE.point) {
    if (!isDigit(bytes[++here])) return -1;
    while (isDigit(bytes[here])) here++;
  }
  if ((bytes[here]! | 32) === 101 /* e */) {
    here++;
    if (bytes[here] === BYTE.plus || bytes[here] === BYTE.minus) here++;
    if (!isDigit(bytes[here])) return -1;
    while (isDigit(bytes[here])) here++;
  }
  return here;
}

const POWERS = Array.from({ length: 39 }, (_, power) => 10 ** power);
const EXACT_DIGITS = 15;

/**
 * The number in `bytes[start, end)` times 10^scale, when that is certainly an exact whole number
 * below 2^53 written without an exponent; otherwise NaN: ask the exact path.
 */
export function readScaled(bytes: Uint8Array, start: number, end: number, scale: number): number {
  let here = start;
  const negative = bytes[here] === BYTE.minus;
  if (negative) here++;
  if (here === end) return Number.NaN;
  let value = 0;
  let places = -1;
  const first = here;
  for (; here < end; here++) {
    const digit = bytes[here]! - BYTE.zero;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      if (places >= 0) places++;
    } else if (bytes[here] === BYTE.point && places < 0 && here > first) places = 0;
    else return Number.NaN;
  }
  if (places === 0 || end - first > EXACT_DIGITS) return Number.NaN;
  if (places < 0) places = 0;
  if (places > scale) return Number.NaN;
  value *= POWERS[scale - places]!;
  if (value > Number.MAX_SAFE_INTEGER) return Number.NaN;
  return negative && value !== 0 ? -value : value;
}

/**
 * The double nearest to the number in `bytes[start, end)`, when at most 15 digits and no exponent
 * make that one correctly rounded division (W. Clinger's fast case); otherwise NaN.
 */
export function readFloat(bytes: Uint8Array, start: number, end: number): number {
  let here = start;
  const negative = bytes[here] === BYTE.minus;
  if (negative) here++;
  if (end - here > EXACT_DIGITS) return Number.NaN;
  let value = 0;
  let places = -1;
  for (; here < end; here++) {
    const digit = bytes[here]! - BYTE.zero;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      if (places >= 0) places++;
    } else if (bytes[here] === BYTE.point) places = 0;
    else return Number.NaN;
  }
  if (places > 0) value /= POWERS[places]!;
  return negative ? -value : value;
}
