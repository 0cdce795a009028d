import { assert } from "../../core/errors.ts";

/** Words of one slot: three of the hash, then received time − base + 1 ms; 0 there means empty. */
export const SLOT_WORDS = 4;

const SLOT_BITS_MIN = 8;
const LOAD_MAX = 0.75;

/** Milliseconds that one table can span. */
const TABLE_SPAN_MAX_MS = 0xffff_fffe;

/**
 * Identity hashes with their received times, in an open-addressing table whose memory is also its
 * form on disk: a hash belongs at the slot given by its top bits, or, where that is taken, in the
 * next free one, with the end wrapping to the start.
 */
export class IdTable {
  /** Received times are kept relative to this, ms. */
  readonly baseMs: number;
  #words: Uint32Array;
  #bits: number;
  #count = 0;
  #newestMs: number;

  /** A table with room for `ids` hashes without growing. */
  constructor(baseMs: number, ids = 0) {
    this.baseMs = baseMs;
    this.#newestMs = baseMs;
    this.#bits = slotBits(ids);
    this.#words = new Uint32Array(SLOT_WORDS * 2 ** this.#bits);
  }

  get count(): number {
    return this.#count;
  }

  /** Greatest received time put in, ms. */
  get newestMs(): number {
    return this.#newestMs;
  }

  get slotBits(): number {
    return this.#bits;
  }

  get byteLength(): number {
    return this.#words.byteLength;
  }

  /** The table itself, for writing it to disk. */
  get image(): Uint32Array {
    return this.#words;
  }

  /** Grows until `more` further hashes fit. Slots move. */
  reserve(more: number): void {
    const bits = slotBits(this.#count + more);
    if (bits <= this.#bits) return;
    const old = this.#words;
    const words = new Uint32Array(SLOT_WORDS * 2 ** bits);
    this.#words = words;
    this.#bits = bits;
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      if (old[at + 3] === 0) continue;
      const slot = this.slotOf(old[at]!, old[at + 1]!, old[at + 2]!);
      words[slot] = old[at]!;
      words[slot + 1] = old[at + 1]!;
      words[slot + 2] = old[at + 2]!;
      words[slot + 3] = old[at + 3]!;
    }
  }

  /** Index of the word where a hash is, or where it would go (its time there is `undefined`). */
  slotOf(h0: number, h1: number, h2: number): number {
    const words = this.#words;
    const mask = words.length - 1;
    let at = (h0 >>> (32 - this.#bits)) * SLOT_WORDS;
    while (words[at + 3] !== 0) {
      if (words[at + 1] === h1 && words[at] === h0 && words[at + 2] === h2) return at;
      at = (at + SLOT_WORDS) & mask;
    }
    return at;
  }

  /**
   * Touches the first slot of each hash, so that the lookups that follow find them in the cache:
   * here the misses overlap, there each would be waited for. Gives a number that means nothing.
   */
  warm(hashes: Uint32Array, hashWords: number): number {
    const words = this.#words;
    const shift = 32 - this.#bits;
    let sum = 0;
    for (let at = 0; at < hashes.length; at += hashWords) {
      sum ^= words[(hashes[at]! >>> shift) * SLOT_WORDS + 3]!;
    }
    return sum;
  }

  /** Received time in a slot, ms; -1 when it is empty. */
  timeAt(slot: number): number {
    const time = this.#words[slot + 3]!;
    return time === 0 ? -1 : this.baseMs + (time - 1);
  }

  /** Puts a hash into the slot that `slotOf` gave for it, or gives the one there another time. */
  put(slot: number, h0: number, h1: number, h2: number, receivedAt: number): void {
    const words = this.#words;
    const time = receivedAt - this.baseMs;
    assert(time >= 0 && time < TABLE_SPAN_MAX_MS, "a received time outside the table's span");
    if (words[slot + 3] === 0) this.#count++;
    words[slot] = h0;
    words[slot + 1] = h1;
    words[slot + 2] = h2;
    words[slot + 3] = time + 1;
    if (receivedAt > this.#newestMs) this.#newestMs = receivedAt;
  }

  /**
   * Takes back the newest `put` that has not been taken back: only in the opposite order of the
   * puts does this leave the table as it was.
   */
  undo(slot: number, oldTime: number): void {
    if (oldTime === -1) {
      this.#words.fill(0, slot, slot + SLOT_WORDS);
      this.#count--;
    } else {
      this.#words[slot + 3] = oldTime - this.baseMs + 1;
    }
  }
}

function slotBits(ids: number): number {
  let bits = SLOT_BITS_MIN;
  while (ids > 2 ** bits * LOAD_MAX) bits++;
  return bits;
}
