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

/** 1 for bytes that stand for themselves inside a JSON string: not `"`, `\` or a control. */
export const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= BYTE.space && byte !== BYTE.quote && byte !== BYTE.backslash ? 1 : 0,
);

/** What the byte after `\` stands for; 0 where it isn't a simple escape (`\u` isn't). */
export const UNESCAPED = new Uint8Array(256);
for (const [escape, byte] of [...'"\\/bfnrt'].map((char, at) => [char, '"\\/\b\f\n\r\t'[at]!])) {
  UNESCAPED[escape!.charCodeAt(0)] = byte!.charCodeAt(0);
}

export const isSpace = (byte: number | undefined): boolean =>
  byte === BYTE.space || byte === BYTE.newline || byte === BYTE.return || byte === BYTE.tab;

/** The first position at or after `at` that isn't white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let here = at;
  while (isSpace(bytes[here])) here++;
  return here;
}

export const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= BYTE.zero && byte <= BYTE.nine;
