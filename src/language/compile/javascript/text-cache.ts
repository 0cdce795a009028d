const SLOTS_FIRST = 64;
const SLOTS_MAX = 2048;
const SLOT_BYTES = 64;

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
 * Texts of more than 64 bytes are not kept. It grows, from 64 to 2,048 texts, with what it misses.
 */
export class TextCache {
  #slots: (CachedText | undefined)[] = [];
  #lengths = new Uint8Array(0);
  #bytes = new Uint8Array(0);
  #mask = 0;
  #misses = 0;

  constructor() {
    this.#resize(SLOTS_FIRST);
  }

  read(bytes: Uint8Array, start: number, length: number): CachedText {
    if (length > SLOT_BYTES) return { text: decodeText(bytes, start, length), quoted: "", key: "" };
    let hash = length;
    for (let at = 0; at < length; at++) hash = Math.imul(hash ^ bytes[start + at]!, 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & this.#mask;
    const found = this.#slots[slot];
    const base = slot * SLOT_BYTES;
    if (found !== undefined && this.#lengths[slot] === length) {
      const kept = this.#bytes;
      let at = 0;
      while (at < length && kept[base + at] === bytes[start + at]) at++;
      if (at === length) return found;
    }
    const made: CachedText = { text: decodeText(bytes, start, length), quoted: "", key: "" };
    this.#slots[slot] = made;
    this.#lengths[slot] = length;
    for (let at = 0; at < length; at++) this.#bytes[base + at] = bytes[start + at]!;
    if (++this.#misses > this.#mask * 4 && this.#mask < SLOTS_MAX - 1) {
      this.#resize((this.#mask + 1) * 2);
    }
    return made;
  }

  #resize(slots: number): void {
    this.#slots = Array.from({ length: slots });
    this.#lengths = new Uint8Array(slots);
    this.#bytes = new Uint8Array(slots * SLOT_BYTES);
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
