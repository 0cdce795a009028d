import { BYTE, isSpace, skipSpace } from "./byte-class.ts";

/** The body isn't JSON where its structure should continue. */
export const BROKEN = -1;

/**
 * Walks over the events of a body: an array, one object, or objects one after another (NDJSON).
 * Structure only: what is between an item's first and last byte is the scanners' to judge.
 *
 * An item of an array that has no end breaks the body. Elsewhere, once an item has no end, lines
 * are the border: each item ends with its line at the latest, so one broken line doesn't take its
 * neighbours with it, and no byte is looked at more than twice.
 */
export class BodyCursor {
  readonly bytes: Buffer;
  readonly isArray: boolean;
  /** Where the current item begins. */
  at: number;
  /** No item reaches beyond this. */
  limit: number;
  #byLine = false;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.limit = bytes.length;
    const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    const first = skipSpace(bytes, bom);
    this.isArray = bytes[first] === BYTE.open;
    this.at = this.isArray ? skipSpace(bytes, first + 1) : first;
  }

  /** Whether there is nothing in the body at all. */
  get isEmpty(): boolean {
    return !this.isArray && this.at >= this.bytes.length;
  }

  /** Whether an array ends before its first item: `[]`. Moves behind it. */
  endsAtOnce(): boolean {
    if (!this.isArray || this.bytes[this.at] !== BYTE.close) return false;
    this.at = skipSpace(this.bytes, this.at + 1);
    return true;
  }

  /** The end of the current item by its brackets and quotes alone, or `BROKEN`. */
  findEnd(): number {
    const end = balancedEnd(this.bytes, this.at, this.limit);
    if (end !== BROKEN || this.isArray) return end;
    if (!this.#byLine) {
      this.#byLine = true;
      this.#setLimit();
      const within = balancedEnd(this.bytes, this.at, this.limit);
      if (within !== BROKEN) return within;
    }
    return this.limit;
  }

  /** Goes to the item after the one that ends at `end`: true; false: there is none; or `BROKEN`. */
  next(end: number): boolean | typeof BROKEN {
    const { bytes } = this;
    this.at = skipSpace(bytes, end);
    if (!this.isArray) {
      if (this.#byLine) this.#setLimit();
      return this.at < bytes.length;
    }
    const byte = bytes[this.at];
    this.at = skipSpace(bytes, this.at + 1);
    if (byte === BYTE.comma) return true;
    return byte === BYTE.close && this.at >= bytes.length ? false : BROKEN;
  }

  #setLimit(): void {
    const newline = this.bytes.indexOf(BYTE.newline, this.at);
    this.limit = newline === -1 ? this.bytes.length : newline;
  }
}

/** The end of the value at `at` by brackets and quotes; a raw control ends a string badly. */
export function balancedEnd(bytes: Buffer, start: number, limit: number): number {
  let depth = 0;
  let at = start;
  while (at < limit) {
    const byte = bytes[at]!;
    if (byte === BYTE.quote) {
      at = stringEnd(bytes, at + 1, limit);
      if (at === BROKEN) return BROKEN;
      if (depth === 0) return at;
      continue;
    }
    if (depth > 0 && isSpace(byte)) {
      at = skipSpace(bytes, at, limit);
      continue;
    }
    if (byte === BYTE.openBrace || byte === BYTE.open) depth++;
    else if (byte === BYTE.closeBrace || byte === BYTE.close) {
      if (depth === 0) return at === start ? BROKEN : at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (byte === BYTE.comma || isSpace(byte))) {
      return at === start ? BROKEN : at;
    }
    at++;
  }
  return depth === 0 && at > start ? at : BROKEN;
}

function stringEnd(bytes: Buffer, start: number, limit: number): number {
  for (let at = start; at < limit; at++) {
    const byte = bytes[at]!;
    if (byte === BYTE.quote) return at + 1;
    if (byte === BYTE.backslash) at++;
    else if (byte < BYTE.space) return BROKEN;
  }
  return BROKEN;
}
