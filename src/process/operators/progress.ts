/**
 * How far a topic's partitions have been read, in received time: the greatest `received_at` seen
 * per partition. Windows close by the least of them, so a partition without news (not even a
 * heartbeat) holds all windows open; it never loses events.
 */
export class Progress {
  readonly #greatest: Float64Array;
  #least = -Infinity;

  constructor(partitions: number) {
    this.#greatest = new Float64Array(partitions).fill(-Infinity);
  }

  /** Greatest received time of one partition, ms; -Infinity before its first record. */
  of(partition: number): number {
    return this.#greatest[partition]!;
  }

  /** The least over all partitions, ms. */
  get least(): number {
    return this.#least;
  }

  advance(partition: number, receivedAt: number): void {
    const before = this.#greatest[partition]!;
    if (receivedAt <= before) return;
    this.#greatest[partition] = receivedAt;
    if (before === this.#least) this.#least = Math.min(...this.#greatest);
  }

  /** Null where a partition has had no record. */
  snapshot(): (number | null)[] {
    return [...this.#greatest].map((each) => (each === -Infinity ? null : each));
  }

  restore(saved: readonly (number | null)[]): void {
    for (const [partition, receivedAt] of saved.entries()) {
      if (receivedAt !== null) this.advance(partition, receivedAt);
    }
  }
}
