import { daysOf } from "./read-time.ts";

const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?(?:([Zz])|([+-])(\d\d):(\d\d))?$/;

/**
 * Milliseconds of a time's text: RFC 3339, or, where a zone says how to read it, a local date and
 * time without an offset. Fractions below a millisecond are cut off; second 60 is the next
 * minute's first. `undefined` when it is neither.
 */
export function parseTime(text: string, zone?: string): number | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zulu, sign, offHour, offMinute] =
    match;
  const days = daysOf(Number(year), Number(month), Number(day));
  const [h, m, s] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)];
  if (Number.isNaN(days) || h > 23 || m > 59 || s > 60) return undefined;
  const wall =
    days * 86_400_000 +
    h * 3_600_000 +
    m * 60_000 +
    s * 1000 +
    Number((fraction ?? "").padEnd(3, "0").slice(0, 3));
  const complete = second !== undefined;
  if (zulu !== undefined) return complete ? wall : undefined;
  if (sign !== undefined) {
    if (!complete || Number(offHour) > 23 || Number(offMinute) > 59) return undefined;
    const offset = (Number(offHour) * 60 + Number(offMinute)) * 60_000;
    return sign === "+" ? wall - offset : wall + offset;
  }
  return zone === undefined ? undefined : wall - zoneOffset(wall, zone);
}

/** Whether a text would be a time if it had an offset. */
export const lacksOffset = (text: string): boolean => parseTime(text, "UTC") !== undefined;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, format);
  }
  return format;
}

/** How far a zone's clocks are ahead of UTC at a UTC time, ms. */
function offsetAt(utcMs: number, zone: string): number {
  const parts = formatOf(zone).formatToParts(utcMs);
  const of = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value ?? 0);
  const seconds = Math.floor(utcMs / 1000);
  const days = daysOf(of("year"), of("month"), of("day"));
  return (days * 86_400 + of("hour") * 3600 + of("minute") * 60 + of("second") - seconds) * 1000;
}

/**
 * The offset of a zone at a wall time: of the two readings of an hour that comes twice the earlier
 * one, and an hour that is skipped is read by the offset before the change.
 */
function zoneOffset(wallMs: number, zone: string): number {
  const before = offsetAt(wallMs - 86_400_000, zone);
  const after = offsetAt(wallMs + 86_400_000, zone);
  if (before === after) return before;
  return offsetAt(wallMs - before, zone) === before || offsetAt(wallMs - after, zone) !== after
    ? before
    : after;
}
