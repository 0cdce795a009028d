/** The last durations, for their quantiles. */
export class Durations {
  readonly #ring: Float64Array;
  #count = 0;

  constructor(kept: number) {
    this.#ring = new Float64Array(kept);
  }

  add(ms: number): void {
    this.#ring[this.#count % this.#ring.length] = ms;
    this.#count++;
  }

  /** The least duration that `share` of the kept ones don't exceed; 0 when there is none. */
  quantile(share: number): number {
    const sorted = this.#ring.slice(0, Math.min(this.#count, this.#ring.length)).toSorted();
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  }
}
