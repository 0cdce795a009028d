/** Bits of filter per id: about 0.4 % false positives. */
export const FILTER_BITS_PER_ID = 12;

const BLOCK_WORDS = 8;

/**
 * A split block Bloom filter (Apache Parquet's, after F. Putze et al. 2007): one id touches one
 * block of 32 bytes, hence one cache line, and sets a bit in each of its eight words.
 */
export class BloomFilter {
  readonly words: Uint32Array;
  readonly #blocks: number;

  private constructor(words: Uint32Array) {
    this.words = words;
    this.#blocks = words.length / BLOCK_WORDS;
  }

  /** An empty filter for that many ids. */
  static forIds(ids: number): BloomFilter {
    const blocks = Math.max(1, Math.ceil((ids * FILTER_BITS_PER_ID) / (BLOCK_WORDS * 32)));
    return new BloomFilter(new Uint32Array(blocks * BLOCK_WORDS));
  }

  static fromWords(words: Uint32Array): BloomFilter {
    return new BloomFilter(words);
  }

  /** Adds a hash by two of its words that are independent of each other. */
  add(h1: number, h2: number): void {
    const words = this.words;
    const at = Math.floor((h1 * this.#blocks) / 4_294_967_296) * BLOCK_WORDS;
    words[at] = words[at]! | (1 << (Math.imul(h2, 0x47b6137b) >>> 27));
    words[at + 1] = words[at + 1]! | (1 << (Math.imul(h2, 0x44974d91) >>> 27));
    words[at + 2] = words[at + 2]! | (1 << (Math.imul(h2, 0x8824ad5b) >>> 27));
    words[at + 3] = words[at + 3]! | (1 << (Math.imul(h2, 0xa2b7289d) >>> 27));
    words[at + 4] = words[at + 4]! | (1 << (Math.imul(h2, 0x705495c7) >>> 27));
    words[at + 5] = words[at + 5]! | (1 << (Math.imul(h2, 0x2df1424b) >>> 27));
    words[at + 6] = words[at + 6]! | (1 << (Math.imul(h2, 0x9efc4947) >>> 27));
    words[at + 7] = words[at + 7]! | (1 << (Math.imul(h2, 0x5c6bfb31) >>> 27));
  }

  /** False only if the hash was never added. */
  mayHave(h1: number, h2: number): boolean {
    const words = this.words;
    const at = Math.floor((h1 * this.#blocks) / 4_294_967_296) * BLOCK_WORDS;
    return (
      (words[at]! & (1 << (Math.imul(h2, 0x47b6137b) >>> 27))) !== 0 &&
      (words[at + 1]! & (1 << (Math.imul(h2, 0x44974d91) >>> 27))) !== 0 &&
      (words[at + 2]! & (1 << (Math.imul(h2, 0x8824ad5b) >>> 27))) !== 0 &&
      (words[at + 3]! & (1 << (Math.imul(h2, 0xa2b7289d) >>> 27))) !== 0 &&
      (words[at + 4]! & (1 << (Math.imul(h2, 0x705495c7) >>> 27))) !== 0 &&
      (words[at + 5]! & (1 << (Math.imul(h2, 0x2df1424b) >>> 27))) !== 0 &&
      (words[at + 6]! & (1 << (Math.imul(h2, 0x9efc4947) >>> 27))) !== 0 &&
      (words[at + 7]! & (1 << (Math.imul(h2, 0x5c6bfb31) >>> 27))) !== 0
    );
  }
}
