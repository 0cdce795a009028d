/** A part of a URL as a range of its bytes. */
export interface PartRange {
  start: number;
  end: number;
}

const SLASH = 47;
const COLON = 58;
const QUESTION = 63;
const AT = 64;
const HASH = 35;

const isAlpha = (byte: number): boolean => (byte | 32) >= 97 && (byte | 32) <= 122;
const isSchemeByte = (byte: number): boolean =>
  isAlpha(byte) || (byte >= 48 && byte <= 57) || byte === 43 || byte === 45 || byte === 46;

/** Position after `//` of an absolute or protocol-relative URL; -1 when it has no authority. */
function authorityStart(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if (at < end && isAlpha(bytes[at]!)) {
    while (at < end && isSchemeByte(bytes[at]!)) at++;
    if (bytes[at] !== COLON) return -1;
    at++;
  }
  return at + 1 < end && bytes[at] === SLASH && bytes[at + 1] === SLASH ? at + 2 : -1;
}

function authorityEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SLASH && bytes[at] !== QUESTION && bytes[at] !== HASH) at++;
  return at;
}

/**
 * The path of the URL or path in `bytes[start, end)`, as it is written: nothing decoded, no dots
 * resolved. False when there is none; an empty range when a URL has no path, which means `/`.
 */
export function urlPath(bytes: Uint8Array, start: number, end: number, out: PartRange): boolean {
  const authority = authorityStart(bytes, start, end);
  if (authority === -1 && !(start < end && bytes[start] === SLASH)) return false;
  let at = authority === -1 ? start : authorityEnd(bytes, authority, end);
  out.start = at;
  while (at < end && bytes[at] !== QUESTION && bytes[at] !== HASH) at++;
  out.end = at;
  return true;
}

/** The host of the URL in `bytes[start, end)`, without user and port. False when it has none. */
export function urlHost(bytes: Uint8Array, start: number, end: number, out: PartRange): boolean {
  const authority = authorityStart(bytes, start, end);
  if (authority === -1) return false;
  let to = authorityEnd(bytes, authority, end);
  let from = authority;
  for (let at = authority; at < to; at++) if (bytes[at] === AT) from = at + 1;
  let colon = to;
  for (let at = to - 1; at >= from && bytes[at] !== 93 /* ] */; at--)
    if (bytes[at] === COLON) colon = at;
  to = colon;
  out.start = from;
  out.end = to;
  return to > from;
}
