import { LIMITS } from "../../core/limits.ts";
import type { Problem } from "./problem.ts";
import { ByteTable } from "./byte-table.ts";
import { balancedEnd, BROKEN } from "./body-cursor.ts";
import { BYTE, plainEnd, skipSpace } from "./byte-class.ts";

/** A range of bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The ranges of some values of the object that is the document, without looking into them; a later
 * key wins. A problem when it isn't an object, its structure is broken or it has too many keys.
 */
export function outerMembers(
  bytes: Buffer,
  wanted: readonly string[],
): Map<string, ByteRange> | Problem {
  const table = new ByteTable(wanted);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const members = new Map<string, ByteRange>();
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== BYTE.openBrace) return NOT_AN_OBJECT;
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === BYTE.closeBrace) return isEnd(bytes, at + 1) ? members : NOT_AN_OBJECT;
  for (let keys = 1; keys <= LIMITS.eventKeysMax; keys++) {
    if (bytes[at] !== BYTE.quote) return NOT_AN_OBJECT;
    const keyStart = ++at;
    at = plainEnd(view, at, bytes.length);
    if (bytes[at] !== BYTE.quote) return NOT_AN_OBJECT;
    const key = wanted[table.find(bytes, keyStart, at)];
    at = skipSpace(bytes, at + 1);
    if (bytes[at] !== BYTE.colon) return NOT_AN_OBJECT;
    const start = skipSpace(bytes, at + 1);
    const end = balancedEnd(bytes, start, bytes.length);
    if (end === BROKEN) return NOT_AN_OBJECT;
    if (key !== undefined) members.set(key, { start, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === BYTE.closeBrace) return isEnd(bytes, at + 1) ? members : NOT_AN_OBJECT;
    if (bytes[at] !== BYTE.comma) return NOT_AN_OBJECT;
    at = skipSpace(bytes, at + 1);
  }
  return { code: "EVENT_TOO_MANY_KEYS", message: `more than ${LIMITS.eventKeysMax} keys` };
}

const NOT_AN_OBJECT: Problem = {
  code: "BODY_NOT_JSON",
  message: "the body isn't a JSON object",
};

/** The ranges of the items of the array in a range; `undefined` when it isn't one or broken. */
export function arrayItems(bytes: Buffer, { start, end }: ByteRange): ByteRange[] | undefined {
  const items: ByteRange[] = [];
  if (bytes[start] !== BYTE.open) return undefined;
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === BYTE.close) return at + 1 === end ? items : undefined;
  for (;;) {
    const itemEnd = balancedEnd(bytes, at, end);
    if (itemEnd === BROKEN) return undefined;
    items.push({ start: at, end: itemEnd });
    at = skipSpace(bytes, itemEnd);
    if (bytes[at] === BYTE.close) return at + 1 === end ? items : undefined;
    if (bytes[at] !== BYTE.comma) return undefined;
    at = skipSpace(bytes, at + 1);
  }
}

const isEnd = (bytes: Buffer, at: number): boolean => skipSpace(bytes, at) >= bytes.length;
