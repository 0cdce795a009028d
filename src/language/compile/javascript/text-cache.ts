import { GroupKey } from "./group-key.ts";
import { TextTable } from "./text-table.ts";

/** Texts of one generation: at first, without much use, and at most. */
const TEXTS_FIRST = 64;
const TEXTS_UNPROVEN_MAX = 65_536;
const TEXTS_MAX = 262_144;
/** Longer texts are not kept. */
const TEXT_BYTES_MAX = 128;

/** A text that was read from a row, and the key of a group with this one dimension (`groupOf`). */
export class CachedText extends GroupKey {
  readonly text: string;
  /** The text as JSON, made when first asked for; empty until then. */
  quoted = "";

  constructor(text: string) {
    super("");
    this.text = text;
  }
}

/** Node's own decoder of ASCII where there is one; nothing else depends on it. */
interface Latin1Slicer {
  readonly prototype: { latin1Slice?: (this: Uint8Array, start: number, end: number) => string };
}
const latin1Slice = (globalThis as { Buffer?: Latin1Slicer }).Buffer?.prototype.latin1Slice;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of UTF-8 bytes. */
export function decodeText(bytes: Uint8Array, start: number, length: number): string {
  const end = start + length;
  let seen = 0;
  for (let at = start; at < end; at++) seen |= bytes[at]!;
  if (seen < 0x80 && latin1Slice !== undefined) return latin1Slice.call(bytes, start, end);
  return decoder.decode(bytes.subarray(start, end));
}

/**
 * Texts of one column by their bytes, so that a text that comes again and again is the same object
 * (what is known of it is found without a `Map`) and isn't decoded again. It keeps the texts of two
 * generations: when the young one is full, the old one is forgotten, and what is asked for of it
 * moves to the young. It grows while that keeps texts from being forgotten that come again.
 */
export class TextCache {
  #young = new TextTable(TEXTS_FIRST);
  #old = new TextTable(TEXTS_FIRST);
  readonly #probe = new Int32Array(TEXT_BYTES_MAX / 4);
  /** Reads and misses since the generations last changed. */
  #reads = 0;
  #misses = 0;

  /** `view` is over the same memory as `bytes`. */
  read(bytes: Uint8Array, view: DataView, start: number, length: number): CachedText {
    if (length > TEXT_BYTES_MAX) return new CachedText(decodeText(bytes, start, length));
    const probe = this.#probe;
    const whole = length >> 2;
    let hash = length;
    let at = start;
    for (let index = 0; index < whole; index++, at += 4) {
      const word = view.getInt32(at, true);
      probe[index] = word;
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    if ((length & 3) !== 0) {
      let word = 0;
      for (let shift = 0; at < start + length; at++, shift += 8) word |= bytes[at]! << shift;
      probe[whole] = word;
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    this.#reads++;
    const found = this.#young.find(hash, probe, length);
    if (found !== undefined) return found;
    const kept = this.#old.find(hash, probe, length);
    if (kept === undefined) this.#misses++;
    const text = kept ?? new CachedText(decodeText(bytes, start, length));
    if (this.#young.isFull) this.#age();
    this.#young.add(hash, probe, length, text);
    return text;
  }

  /** The larger the table, the more of what comes again it must have been good for. */
  #age(): void {
    const { size } = this.#young;
    const isProven = this.#misses * 8 < this.#reads * 7;
    const most = isProven ? TEXTS_MAX : TEXTS_UNPROVEN_MAX;
    this.#old = this.#young;
    this.#young = new TextTable(Math.max(size, Math.min(size * 4, most)));
    this.#reads = 0;
    this.#misses = 0;
  }
}

/** Reads texts of which few come again: nothing is kept. */
export const UNCACHED = {
  read: (bytes: Uint8Array, _: DataView, start: number, length: number): CachedText =>
    new CachedText(decodeText(bytes, start, length)),
};

/** The text as JSON. */
export function quotedOf(cached: CachedText): string {
  if (cached.quoted === "") cached.quoted = JSON.stringify(cached.text);
  return cached.quoted;
}

/** The key of a group with this one dimension. */
export function groupOf(cached: CachedText): GroupKey {
  if (cached.key === "") cached.key = `[${quotedOf(cached)}]`;
  return cached;
}
