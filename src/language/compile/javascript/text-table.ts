import type { CachedText } from "./text-cache.ts";

/** Words of a slot: the hash, the length, where the words of the text are (plus 1; 0: empty). */
const SLOT_WORDS = 4;
const WORDS_PER_TEXT = 12;

/** Up to a number of texts by their bytes: open addressing, at most half full. */
export class TextTable {
  /** Texts that it takes. */
  readonly size: number;
  readonly #mask: number;
  readonly #slots: Int32Array;
  readonly #texts: (CachedText | undefined)[];
  /** The bytes of all texts as words, the last one of each filled with zeros. */
  #words: Int32Array;
  #wordsUsed = 0;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.#mask = size * 2 - 1;
    this.#slots = new Int32Array(size * 2 * SLOT_WORDS);
    this.#texts = Array.from({ length: size * 2 });
    this.#words = new Int32Array(size * WORDS_PER_TEXT);
  }

  get isFull(): boolean {
    return this.#count >= this.size;
  }

  find(hash: number, words: Int32Array, length: number): CachedText | undefined {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * SLOT_WORDS;
      const place = slots[at + 2]!;
      if (place === 0) return undefined;
      if (slots[at] !== hash || slots[at + 1] !== length) continue;
      const kept = this.#words;
      const n = (length + 3) >> 2;
      let index = 0;
      while (index < n && kept[place - 1 + index] === words[index]) index++;
      if (index === n) return this.#texts[slot];
    }
  }

  /** Takes a text that it doesn't have; there must be room. */
  add(hash: number, words: Int32Array, length: number, text: CachedText): void {
    const n = (length + 3) >> 2;
    const place = this.#wordsUsed;
    if (place + n > this.#words.length) this.#grow(n);
    for (let index = 0; index < n; index++) this.#words[place + index] = words[index]!;
    this.#wordsUsed += n;
    this.#count++;
    let slot = hash & this.#mask;
    while (this.#slots[slot * SLOT_WORDS + 2] !== 0) slot = (slot + 1) & this.#mask;
    const at = slot * SLOT_WORDS;
    this.#slots[at] = hash;
    this.#slots[at + 1] = length;
    this.#slots[at + 2] = place + 1;
    this.#texts[slot] = text;
  }

  #grow(atLeast: number): void {
    const larger = new Int32Array(this.#words.length * 2 + atLeast);
    larger.set(this.#words.subarray(0, this.#wordsUsed));
    this.#words = larger;
  }
}
