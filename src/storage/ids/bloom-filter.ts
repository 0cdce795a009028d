import { HASH_WORDS } from "./identity-hash.ts";

/** Bits of filter per id: about 0.4 % false positives. */
const FILTER_BITS_PER_ID = 12;

const BLOCK_WORDS = 8;

/**
 * A split block Bloom filter (Apache Parquet's, after F. Putze et al. 2007): one id touches one
 * block of 32 bytes, hence one cache line, and sets a bit in each of its eight words.
 */
export class BloomFilter {
  readonly words: Uint32Array;
  /** Blocks per value of a word. */
  readonly #scale: number;

  private constructor(words: Uint32Array) {
    this.words = words;
    this.#scale = words.length / BLOCK_WORDS / 4_294_967_296;
  }

  /** An empty filter for that many ids. */
  static forIds(ids: number): BloomFilter {
    return new BloomFilter(new Uint32Array(BloomFilter.wordsFor(ids)));
  }

  /** Words that a filter for that many ids has. */
  static wordsFor(ids: number): number {
    return Math.max(1, Math.ceil((ids * FILTER_BITS_PER_ID) / (BLOCK_WORDS * 32))) * BLOCK_WORDS;
  }

  static fromWords(words: Uint32Array): BloomFilter {
    return new BloomFilter(words);
  }

  /** Adds a hash by two of its words that are independent of each other. */
  add(h1: number, h2: number): void {
    const words = this.words;
    const at = ((h1 * this.#scale) | 0) * BLOCK_WORDS;
    words[at] = words[at]! | (1 << (Math.imul(h2, 0x47b6137b) >>> 27));
    words[at + 1] = words[at + 1]! | (1 << (Math.imul(h2, 0x44974d91) >>> 27));
    words[at + 2] = words[at + 2]! | (1 << (Math.imul(h2, 0x8824ad5b) >>> 27));
    words[at + 3] = words[at + 3]! | (1 << (Math.imul(h2, 0xa2b7289d) >>> 27));
    words[at + 4] = words[at + 4]! | (1 << (Math.imul(h2, 0x705495c7) >>> 27));
    words[at + 5] = words[at + 5]! | (1 << (Math.imul(h2, 0x2df1424b) >>> 27));
    words[at + 6] = words[at + 6]! | (1 << (Math.imul(h2, 0x9efc4947) >>> 27));
    words[at + 7] = words[at + 7]! | (1 << (Math.imul(h2, 0x5c6bfb31) >>> 27));
  }

  /**
   * Writes the indices of the hashes that may have been added into `found` and gives their number.
   * No branch depends on the filter: one on a word that isn't in the cache yet would keep the
   * processor from fetching the next hash's block meanwhile.
   */
  candidates(hashes: Uint32Array, found: Int32Array): number {
    const words = this.words;
    const scale = this.#scale;
    let count = 0;
    for (let index = 0, from = 0; from < hashes.length; index++, from += HASH_WORDS) {
      const at = ((hashes[from + 1]! * scale) | 0) * BLOCK_WORDS;
      const h2 = hashes[from + 2]!;
      const missing =
        (~words[at]! & (1 << (Math.imul(h2, 0x47b6137b) >>> 27))) |
        (~words[at + 1]! & (1 << (Math.imul(h2, 0x44974d91) >>> 27))) |
        (~words[at + 2]! & (1 << (Math.imul(h2, 0x8824ad5b) >>> 27))) |
        (~words[at + 3]! & (1 << (Math.imul(h2, 0xa2b7289d) >>> 27))) |
        (~words[at + 4]! & (1 << (Math.imul(h2, 0x705495c7) >>> 27))) |
        (~words[at + 5]! & (1 << (Math.imul(h2, 0x2df1424b) >>> 27))) |
        (~words[at + 6]! & (1 << (Math.imul(h2, 0x9efc4947) >>> 27))) |
        (~words[at + 7]! & (1 << (Math.imul(h2, 0x5c6bfb31) >>> 27)));
      found[count] = index;
      count += missing === 0 ? 1 : 0;
    }
    return count;
  }
}
