import { HASH_WORDS } from "./identity-hash.ts";
import type { BloomFilter } from "./bloom-filter.ts";
import type { IdSegment } from "./id-segment.ts";

/** Full segments that share one filter. */
export const GROUP_SEGMENTS_MAX = 4;

/**
 * Segments, oldest first, behind one filter: an id that is in none of them costs one look at memory
 * rather than one for each. Without a filter every lookup reads the disk: slower, never wrong.
 */
export class SegmentGroup {
  readonly segments: IdSegment[];
  #filter: BloomFilter | undefined;

  constructor(first: IdSegment) {
    this.segments = [first];
    this.#filter = first.readFilter();
  }

  get filterBytes(): number {
    return this.#filter?.words.byteLength ?? 0;
  }

  /** Greatest received time, ms. */
  get newestMs(): number {
    return this.segments.at(-1)?.newestMs ?? -Infinity;
  }

  dropFilter(): void {
    this.#filter = undefined;
  }

  /** Takes a segment in, if there is room and its filter has the same shape. */
  join(segment: IdSegment): boolean {
    const filter = this.#filter;
    if (filter === undefined || this.segments.length === GROUP_SEGMENTS_MAX) return false;
    if (!segment.isFull || !this.segments[0]?.isFull) return false;
    if (segment.filterWords !== filter.words.length) return false;
    segment.addFilterTo(filter);
    this.segments.push(segment);
    return true;
  }

  /**
   * Sets `duplicate[i]` where hash i is in a segment with a received time of at least `after`.
   * `found` is scratch, one longer than the hashes.
   */
  mark(hashes: Uint32Array, after: number, duplicate: Uint8Array, found: Int32Array): void {
    const count = hashes.length / HASH_WORDS;
    const candidates = this.#filter?.candidates(hashes, found) ?? count;
    for (let candidate = 0; candidate < candidates; candidate++) {
      const index = this.#filter === undefined ? candidate : found[candidate]!;
      if (duplicate[index] === 1) continue;
      const at = index * HASH_WORDS;
      const time = this.#find(hashes[at]!, hashes[at + 1]!, hashes[at + 2]!, after);
      if (time !== -1) duplicate[index] = 1;
    }
  }

  /** When a hash was last received, ms; -1 when no segment has it. */
  find(hash: Uint32Array): number {
    if (this.#filter?.candidates(hash.subarray(0, HASH_WORDS), new Int32Array(2)) === 0) return -1;
    return this.#find(hash[0]!, hash[1]!, hash[2]!, -Infinity);
  }

  #find(h0: number, h1: number, h2: number, after: number): number {
    for (let number = this.segments.length - 1; number >= 0; number--) {
      const segment = this.segments[number]!;
      if (segment.newestMs < after) return -1;
      const time = segment.find(h0, h1, h2);
      if (time !== -1) return time >= after ? time : -1;
    }
    return -1;
  }
}
