import { daysFromCivil } from "../../core/time.ts";
import { BYTE, isDigit } from "./byte-class.ts";

const DAYS_IN_MONTH = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

let cachedDate = -1;
let cachedDays = 0;

/** Days since 1970 of a date, NaN when there is none such. Traffic is mostly of one day. */
export function daysOf(year: number, month: number, day: number): number {
  const date = year * 512 + month * 32 + day;
  if (date === cachedDate) return cachedDays;
  if (month < 1 || month > 12 || day < 1 || day > DAYS_IN_MONTH[month]!) return Number.NaN;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2 && day === 29 && !leap) return Number.NaN;
  cachedDays = daysFromCivil(year, month, day);
  cachedDate = date;
  return cachedDays;
}

function pair(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - BYTE.zero;
  const ones = bytes[at + 1]! - BYTE.zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/**
 * Milliseconds of an RFC 3339 time with `T` and an offset in `bytes[start, end)`; digits of the
 * fraction below a millisecond are cut off. NaN for everything else: ask the exact path.
 */
export function readTime(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 20) return Number.NaN;
  if (
    bytes[start + 4] !== BYTE.minus ||
    bytes[start + 7] !== BYTE.minus ||
    bytes[start + 10] !== 84 /* T */ ||
    bytes[start + 13] !== BYTE.colon ||
    bytes[start + 16] !== BYTE.colon
  ) {
    return Number.NaN;
  }
  const year = pair(bytes, start) * 100 + pair(bytes, start + 2);
  const hour = pair(bytes, start + 11);
  const minute = pair(bytes, start + 14);
  const second = pair(bytes, start + 17);
  if (!(year >= 0 && hour < 24 && minute < 60 && second < 60)) return Number.NaN;
  const month = pair(bytes, start + 5);
  const day = pair(bytes, start + 8);
  if (!(month > 0 && day > 0)) return Number.NaN;
  let ms = daysOf(year, month, day) * 86_400_000 + hour * 3_600_000 + minute * 60_000;
  ms += second * 1000;
  let at = start + 19;
  if (bytes[at] === BYTE.point) {
    let unit = 100;
    const first = ++at;
    for (; isDigit(bytes[at]) && at < end; at++) {
      ms += (bytes[at]! - BYTE.zero) * unit;
      unit = unit === 1 ? 0 : unit / 10;
    }
    if (at === first) return Number.NaN;
  }
  if (bytes[at] === 90 /* Z */) return at + 1 === end ? ms : Number.NaN;
  return at + 6 === end ? ms - readOffset(bytes, at) : Number.NaN;
}

function readOffset(bytes: Uint8Array, at: number): number {
  const sign = bytes[at] === BYTE.plus ? 60_000 : bytes[at] === BYTE.minus ? -60_000 : Number.NaN;
  const hour = pair(bytes, at + 1);
  const minute = pair(bytes, at + 4);
  if (bytes[at + 3] !== BYTE.colon || hour > 23 || minute > 59) return Number.NaN;
  return sign * (hour * 60 + minute);
}
