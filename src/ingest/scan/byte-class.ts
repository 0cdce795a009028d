/** Bytes of the JSON grammar. */
export const BYTE = {
  tab: 9,
  newline: 10,
  return: 13,
  space: 32,
  quote: 34,
  plus: 43,
  comma: 44,
  minus: 45,
  point: 46,
  zero: 48,
  nine: 57,
  colon: 58,
  open: 91,
  backslash: 92,
  close: 93,
  openBrace: 123,
  closeBrace: 125,
} as const;

/**
 * The first position at or after `at` of a `"`, a `\` or a control; at the latest the end. Here and
 * below nothing is read behind the end: once that happened, every later read would be four times as
 * slow (V8 then expects `undefined` anywhere).
 */
export function plainEnd(bytes: Uint8Array, at: number): number {
  const end = bytes.length;
  let here = at;
  while (here < end) {
    const byte = bytes[here]!;
    if (byte === BYTE.quote || byte === BYTE.backslash || byte < BYTE.space) return here;
    here++;
  }
  return here;
}

/** What the byte after `\` stands for; 0 where it isn't a simple escape (`\u` isn't). */
export const UNESCAPED = new Uint8Array(256);
for (const [escape, byte] of [...'"\\/bfnrt'].map((char, at) => [char, '"\\/\b\f\n\r\t'[at]!])) {
  UNESCAPED[escape!.charCodeAt(0)] = byte!.charCodeAt(0);
}

export const isSpace = (byte: number | undefined): boolean =>
  byte === BYTE.space || byte === BYTE.newline || byte === BYTE.return || byte === BYTE.tab;

/** The first position at or after `at` that isn't white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  const { length } = bytes; // a body may be megabytes of it: no read past the end, one test a byte
  let here = at;
  while (here < length) {
    const byte = bytes[here]!;
    if (byte !== BYTE.space && !isSpace(byte)) break;
    here++;
  }
  return here;
}

export const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= BYTE.zero && byte <= BYTE.nine;
