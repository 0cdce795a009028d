import { LIMITS } from "../../core/limits.ts";
import { BYTE, plainEnd, skipSpace, UNESCAPED } from "./byte-class.ts";
import { SENT_AT, type ScanProgram } from "./program.ts";
import { scanNumber } from "./scan-number.ts";

/** What a leaf's value is, as found in the bytes. */
export const FOUND = {
  absent: 0,
  string: 1,
  /** A string with simple escapes, each of two bytes for one. */
  escaped: 2,
  number: 3,
  true: 4,
  false: 5,
  null: 6,
} as const;

/** The fast path isn't sure: the exact path decides. */
export const ASK = -1;

const NAMES_MAX = 256;
const NAMES_PER_OBJECT_MAX = 32;
const SENT_AT_BYTES = Buffer.from(SENT_AT);

/**
 * One pass over the bytes of one event: finds the declared leaves as byte ranges and collects what
 * is undeclared. It says where the event ends, or `ASK`: at anything odd (an escape but for the
 * simple ones, a key twice, a broken token, too deep, too many keys).
 */
export class EventScanner {
  readonly found: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** JSON text of the undeclared members, without the outer braces. */
  undeclared: Buffer = Buffer.allocUnsafeSlow(4096);
  undeclaredLength = 0;
  /** Range of the text of `sent_at`; 0 to 0 when there is none. */
  sentAtStart = 0;
  sentAtEnd = 0;

  readonly #program: ScanProgram;
  readonly #keep: boolean;
  readonly #recordSeen: Uint8Array;
  readonly #openNames: Buffer[];
  /** Per record, by 1 + the last key's index: the key that came after it the last time. */
  readonly #guesses: Int16Array[];
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  /** No white space is skipped behind this. */
  #limit = 0;
  /** Hashes of the undeclared keys of the objects that are open. */
  readonly #names = new Int32Array(NAMES_MAX);
  #namesTop = 0;
  #keys = 0;
  /** How many records `undeclared` has open braces of. */
  #opened = 0;
  readonly #path: Int16Array;
  #escapes = 0;

  constructor(program: ScanProgram) {
    const { leaves, records } = program;
    this.#program = program;
    this.#keep = program.undeclared === "keep";
    this.found = new Uint8Array(leaves.length);
    this.starts = new Int32Array(leaves.length);
    this.ends = new Int32Array(leaves.length);
    this.#recordSeen = new Uint8Array(records.length);
    this.#openNames = records.map(({ name }) => Buffer.from(`${JSON.stringify(name)}:{`));
    this.#guesses = records.map(({ keys }) => new Int16Array(keys.size + 1).fill(-1));
    this.#path = new Int16Array(Math.max(...records.map(({ depth }) => depth)) + 1);
  }

  /** Scans the object that begins at `at`; gives the position after it, or `ASK`. */
  scan(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== BYTE.openBrace) return ASK;
    if (bytes !== this.#bytes) this.#use(bytes);
    this.found.fill(0);
    this.#recordSeen.fill(0);
    this.undeclaredLength = 0;
    this.sentAtStart = 0;
    this.sentAtEnd = 0;
    this.#namesTop = 0;
    this.#keys = 0;
    this.#opened = 0;
    this.#limit = Math.min(bytes.length, at + LIMITS.eventBytesMax);
    return this.#record(0, at + 1);
  }

  /** Over the bytes that were scanned last. */
  get view(): DataView {
    return this.#view;
  }

  #use(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** After the `{` of a declared record. */
  #record(record: number, start: number): number {
    const bytes = this.#bytes;
    const view = this.#view;
    const { keys, targets, depth } = this.#program.records[record]!;
    this.#path[depth] = record;
    const guesses = this.#guesses[record]!;
    const namesBase = this.#namesTop;
    /** 1 + the index of the last declared key; clients mostly send keys in one order. */
    let last = 0;
    let at = start;
    if (bytes[at]! <= BYTE.space) at = skipSpace(bytes, at, this.#limit);
    if (bytes[at] !== BYTE.closeBrace) {
      for (;;) {
        if (bytes[at] !== BYTE.quote) return ASK;
        const keyStart = ++at;
        const guess = guesses[last]!;
        let index = guess;
        let keyEnd = guess === -1 ? -1 : keys.endAt(guess, view, at, bytes.length);
        if (keyEnd === -1) {
          keyEnd = plainEnd(view, at, bytes.length);
          if (bytes[keyEnd] !== BYTE.quote) return ASK;
          index = keys.find(bytes, keyStart, keyEnd);
          if (index !== -1) guesses[last] = index;
        }
        at = keyEnd + 1;
        if (bytes[at] !== BYTE.colon) {
          at = skipSpace(bytes, at, this.#limit);
          if (bytes[at] !== BYTE.colon) return ASK;
        }
        at++;
        if (bytes[at]! <= BYTE.space) at = skipSpace(bytes, at, this.#limit);
        if (index !== -1) last = index + 1;
        if (index === -1) at = this.#undeclared(keyStart, keyEnd, at, depth, namesBase);
        else {
          const target = targets[index]!;
          at = target >= 0 ? this.#leaf(target, at) : this.#nested(-1 - target, at);
        }
        if (at === ASK) return ASK;
        if (bytes[at]! <= BYTE.space) at = skipSpace(bytes, at, this.#limit);
        if (bytes[at] !== BYTE.comma) break;
        at++;
        if (bytes[at]! <= BYTE.space) at = skipSpace(bytes, at, this.#limit);
      }
      if (bytes[at] !== BYTE.closeBrace) return ASK;
    }
    this.#namesTop = namesBase;
    if (depth > 0 && this.#opened === depth) {
      this.undeclared[this.undeclaredLength++] = BYTE.closeBrace;
      this.#opened--;
    }
    return at + 1;
  }

  #nested(record: number, at: number): number {
    if (this.#recordSeen[record] === 1) return ASK;
    this.#recordSeen[record] = 1;
    if (this.#bytes[at] === 110 /* n */) return literalEnd(this.#bytes, at);
    return this.#bytes[at] === BYTE.openBrace ? this.#record(record, at + 1) : ASK;
  }

  #leaf(leaf: number, at: number): number {
    if (this.found[leaf] !== 0) return ASK;
    const bytes = this.#bytes;
    const byte = bytes[at]!;
    if (byte === BYTE.quote) {
      this.starts[leaf] = at + 1;
      const end = plainEnd(this.#view, at + 1, bytes.length);
      if (end < bytes.length && bytes[end] === BYTE.quote) {
        this.found[leaf] = FOUND.string;
        this.ends[leaf] = end;
        return end + 1;
      }
      return this.#escaped(leaf, at + 1);
    }
    let end: number;
    if (byte === BYTE.minus || (byte >= BYTE.zero && byte <= BYTE.nine)) {
      end = scanNumber(bytes, at);
      this.found[leaf] = FOUND.number;
    } else {
      end = literalEnd(bytes, at);
      this.found[leaf] = byte === 116 ? FOUND.true : byte === 102 ? FOUND.false : FOUND.null;
    }
    this.starts[leaf] = at;
    this.ends[leaf] = end;
    return end;
  }

  #escaped(leaf: number, start: number): number {
    const end = this.#string(start);
    if (end === ASK) return ASK;
    this.found[leaf] = FOUND.escaped;
    this.ends[leaf] = end - 1;
    return end;
  }

  /** After the opening quote: the position after the closing one; counts simple escapes. */
  #string(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    this.#escapes = 0;
    for (;;) {
      at = plainEnd(this.#view, at, bytes.length);
      if (bytes[at] === BYTE.quote) return at + 1;
      if (bytes[at] !== BYTE.backslash || at + 1 >= bytes.length) return ASK;
      if (UNESCAPED[bytes[at + 1]!] === 0) return ASK;
      this.#escapes++;
      at += 2;
    }
  }

  #undeclared(
    keyStart: number,
    keyEnd: number,
    at: number,
    depth: number,
    namesBase: number,
  ): number {
    if (this.#program.undeclared === "refuse" || !this.#newName(keyStart, keyEnd, namesBase)) {
      return ASK;
    }
    const end = this.#skip(at, depth + 1);
    if (end === ASK) return ASK;
    if (depth === 0 && this.#program.takesSentAt && this.#isSentAt(keyStart, keyEnd)) {
      if (this.#bytes[at] !== BYTE.quote) return ASK;
      this.sentAtStart = at + 1;
      this.sentAtEnd = end - 1;
      return end;
    }
    if (this.#keep) this.#keepMember(keyStart, keyEnd, at, end, depth);
    return end;
  }

  #isSentAt(start: number, end: number): boolean {
    if (end - start !== SENT_AT_BYTES.length) return false;
    for (let at = 0; at < SENT_AT_BYTES.length; at++) {
      if (this.#bytes[start + at] !== SENT_AT_BYTES[at]) return false;
    }
    return true;
  }

  #keepMember(keyStart: number, keyEnd: number, start: number, end: number, depth: number): void {
    const names = this.#openNames;
    let room = keyEnd - keyStart + end - start + 8;
    for (let at = this.#opened + 1; at <= depth; at++) room += names[this.#path[at]!]!.length + 1;
    if (this.undeclaredLength + room + depth > this.undeclared.length) {
      const next = Buffer.allocUnsafeSlow((this.undeclaredLength + room) * 2);
      this.undeclared.copy(next, 0, 0, this.undeclaredLength);
      this.undeclared = next;
    }
    const out = this.undeclared;
    let to = this.undeclaredLength;
    if (to > 0 && out[to - 1] !== BYTE.openBrace) out[to++] = BYTE.comma;
    while (this.#opened < depth) {
      const name = names[this.#path[++this.#opened]!]!;
      out.set(name, to);
      to += name.length;
    }
    out.set(this.#bytes.subarray(keyStart - 1, keyEnd + 1), to);
    to += keyEnd - keyStart + 2;
    out[to++] = BYTE.colon;
    out.set(this.#bytes.subarray(start, end), to);
    this.undeclaredLength = to + end - start;
  }

  /** Takes a key of an object whose names begin at `base`; false when it may be there already. */
  #newName(start: number, end: number, base: number): boolean {
    if (++this.#keys > LIMITS.eventKeysMax / 2) return false;
    const bytes = this.#bytes;
    let hash = 0x811c9dc5 | 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const names = this.#names;
    const top = this.#namesTop;
    if (top === NAMES_MAX || top - base === NAMES_PER_OBJECT_MAX) return false;
    for (let at = base; at < top; at++) if (names[at] === hash) return false;
    names[top] = hash;
    this.#namesTop = top + 1;
    return true;
  }

  /** The end of an undeclared value, which is checked as strictly as the rest. */
  #skip(at: number, depth: number): number {
    const byte = this.#bytes[at]!;
    if (byte === BYTE.quote) return this.#string(at + 1);
    if (byte === BYTE.minus || (byte >= BYTE.zero && byte <= BYTE.nine)) {
      return scanNumber(this.#bytes, at);
    }
    if (byte !== BYTE.openBrace && byte !== BYTE.open) return literalEnd(this.#bytes, at);
    if (depth >= LIMITS.eventDepthMax) return ASK;
    return byte === BYTE.open ? this.#skipArray(at + 1, depth) : this.#skipObject(at + 1, depth);
  }

  #skipArray(start: number, depth: number): number {
    const bytes = this.#bytes;
    let at = skipSpace(bytes, start, this.#limit);
    if (bytes[at] === BYTE.close) return at + 1;
    for (;;) {
      at = this.#skip(at, depth + 1);
      if (at === ASK) return ASK;
      at = skipSpace(bytes, at, this.#limit);
      if (bytes[at] === BYTE.close) return at + 1;
      if (bytes[at] !== BYTE.comma) return ASK;
      at = skipSpace(bytes, at + 1, this.#limit);
    }
  }

  #skipObject(start: number, depth: number): number {
    const bytes = this.#bytes;
    const base = this.#namesTop;
    let at = skipSpace(bytes, start, this.#limit);
    if (bytes[at] === BYTE.closeBrace) return at + 1;
    for (;;) {
      if (bytes[at] !== BYTE.quote) return ASK;
      const keyStart = at + 1;
      at = this.#string(keyStart);
      if (at === ASK || this.#escapes > 0 || !this.#newName(keyStart, at - 1, base)) return ASK;
      at = skipSpace(bytes, at, this.#limit);
      if (bytes[at] !== BYTE.colon) return ASK;
      at = this.#skip(skipSpace(bytes, at + 1, this.#limit), depth + 1);
      if (at === ASK) return ASK;
      at = skipSpace(bytes, at, this.#limit);
      if (bytes[at] === BYTE.closeBrace) {
        this.#namesTop = base;
        return at + 1;
      }
      if (bytes[at] !== BYTE.comma) return ASK;
      at = skipSpace(bytes, at + 1, this.#limit);
    }
  }
}

/** The end of `true`, `false` or `null` at `at`; `ASK` when it is none of them. */
function literalEnd(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case 116:
      return bytes[at + 1] === 114 && bytes[at + 2] === 117 && bytes[at + 3] === 101 ? at + 4 : ASK;
    case 102:
      return bytes[at + 1] === 97 &&
        bytes[at + 2] === 108 &&
        bytes[at + 3] === 115 &&
        bytes[at + 4] === 101
        ? at + 5
        : ASK;
    case 110:
      return bytes[at + 1] === 117 && bytes[at + 2] === 108 && bytes[at + 3] === 108 ? at + 4 : ASK;
    default:
      return ASK;
  }
}
