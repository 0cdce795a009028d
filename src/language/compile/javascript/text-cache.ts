const SLOTS_FIRST = 64;
const SLOTS_MAX = 65_536;
const SLOT_BYTES = 64;
const SLOT_WORDS = SLOT_BYTES / 4;

/** A text that was read from a row, with what else is wanted of it. */
export interface CachedText {
  readonly text: string;
  /** The text as JSON, made when first asked for; empty until then. */
  quoted: string;
  /** The canonical key of a group with this one dimension; empty until asked for. */
  key: string;
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
 * Texts of one column by their bytes, so that a text that comes again and again is the same string
 * (a cheap key of a `Map`) and isn't decoded again. Direct mapped: a colliding text takes the slot.
 * Texts of more than 64 bytes are not kept. It grows, from 64 to 65,536 texts, with what it misses.
 */
export class TextCache {
  #slots: (CachedText | undefined)[] = [];
  #lengths = new Uint8Array(0);
  /** The bytes of each slot's text as words, the last one filled with zeros. */
  #words = new Int32Array(0);
  #mask = 0;
  #misses = 0;
  readonly #probe = new Int32Array(SLOT_WORDS);

  constructor() {
    this.#resize(SLOTS_FIRST);
  }

  /** `view` is over the same memory as `bytes`. */
  read(bytes: Uint8Array, view: DataView, start: number, length: number): CachedText {
    if (length > SLOT_BYTES) return { text: decodeText(bytes, start, length), quoted: "", key: "" };
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
    let words = whole;
    if ((length & 3) !== 0) {
      let word = 0;
      for (let shift = 0; at < start + length; at++, shift += 8) word |= bytes[at]! << shift;
      probe[words++] = word;
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const slot = hash & this.#mask;
    const found = this.#slots[slot];
    if (found !== undefined && this.#lengths[slot] === length) {
      const kept = this.#words;
      const base = slot * SLOT_WORDS;
      let index = 0;
      while (index < words && kept[base + index] === probe[index]) index++;
      if (index === words) return found;
    }
    return this.#miss(slot, words, length, decodeText(bytes, start, length));
  }

  #miss(slot: number, words: number, length: number, text: string): CachedText {
    const made: CachedText = { text, quoted: "", key: "" };
    this.#slots[slot] = made;
    this.#lengths[slot] = length;
    for (let index = 0; index < words; index++) {
      this.#words[slot * SLOT_WORDS + index] = this.#probe[index]!;
    }
    if (++this.#misses > this.#mask * 4 && this.#mask < SLOTS_MAX - 1) {
      this.#resize((this.#mask + 1) * 4);
    }
    return made;
  }

  #resize(slots: number): void {
    this.#slots = Array.from({ length: slots });
    this.#lengths = new Uint8Array(slots);
    this.#words = new Int32Array(slots * SLOT_WORDS);
    this.#mask = slots - 1;
    this.#misses = 0;
  }
}

/** The text as JSON. */
export function quotedOf(cached: CachedText): string {
  if (cached.quoted === "") cached.quoted = JSON.stringify(cached.text);
  return cached.quoted;
}

/** The canonical key of a group with this one dimension. */
export function keyOf(cached: CachedText): string {
  if (cached.key === "") cached.key = `[${quotedOf(cached)}]`;
  return cached.key;
}
