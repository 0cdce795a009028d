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
 * The first position from `at` to `end`, the view's end, of a `"`, a `\\` or a control; else `end`. Four
 * bytes at a time: a byte of `word - n` has its high bit set, and `word` not, where it was below n
 * (H. S. Warren, Hacker's Delight, 6-1; carries only reach bytes behind one that was found).
 */
export function plainEnd(view: DataView, at: number, end: number): number {
  const lastWord = end - 4;
  let here = at;
  for (; here <= lastWord; here += 4) {
    const word = view.getInt32(here, true);
    const quote = word ^ 0x22222222;
    const backslash = word ^ 0x5c5c5c5c;
    const hits =
      (((word - 0x20202020) & ~word) |
        ((quote - 0x01010101) & ~quote) |
        ((backslash - 0x01010101) & ~backslash)) &
      0x80808080;
    if (hits !== 0) return here + ((31 - Math.clz32(hits & -hits)) >> 3);
  }
  for (; here < end; here++) {
    const byte = view.getUint8(here);
    if (byte === BYTE.quote || byte === BYTE.backslash || byte < BYTE.space) return here;
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

/** The first position from `at` to `end` that isn't white space; else `end`. */
export function skipSpace(bytes: Uint8Array, at: number, end: number = bytes.length): number {
  let here = at;
  const long = here + LONG_RUN;
  while (here < end) {
    const byte = bytes[here]!;
    if (byte !== BYTE.space && !isSpace(byte)) break;
    if (++here === long) here = skipRun(bytes, here, end);
  }
  return here;
}

/** White space after which more of the same is likely: a body may be megabytes of it. */
const LONG_RUN = 64;
const RUN_BLOCK_BYTES = 4_096;
const RUN_BLOCKS = [BYTE.space, BYTE.newline, BYTE.return, BYTE.tab].map((byte) =>
  Buffer.alloc(RUN_BLOCK_BYTES, byte),
);

/** Skips whole blocks that are of one kind of white space, by comparing memory. */
function skipRun(bytes: Uint8Array, at: number, end: number): number {
  const block = RUN_BLOCKS.find((each) => each[0] === bytes[at]);
  let here = at;
  while (block !== undefined && here + RUN_BLOCK_BYTES <= end) {
    if (Buffer.compare(bytes.subarray(here, here + RUN_BLOCK_BYTES), block) !== 0) break;
    here += RUN_BLOCK_BYTES;
  }
  return here;
}

export const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= BYTE.zero && byte <= BYTE.nine;
