import type { MovedRow } from "./moved-row.ts";

/** A row, and the topic that it is of. */
export interface TopicRow extends MovedRow {
  readonly topic: string;
}

interface Partition {
  readonly topic: string;
  readonly partition: number;
  /** Of what was read. */
  greatestMs: number;
}

/** No partition is read further ahead of the others than this, lest all of it wait in memory. */
const AHEAD_MS_MAX = 60_000;

/**
 * Brings rows of many partitions into the order in which they were received. Within a partition
 * received times run backwards by less than the slack, so a row is given once every partition was
 * read that much further.
 */
export class ReceivedOrder {
  readonly #partitions: readonly Partition[];
  readonly #slackMs: number;
  #waiting: TopicRow[] = [];

  constructor(
    partitions: readonly { readonly topic: string; readonly partition: number }[],
    slackMs: number,
  ) {
    this.#partitions = partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      greatestMs: -Infinity,
    }));
    this.#slackMs = slackMs;
  }

  /** How far all partitions were read, ms. */
  get leastMs(): number {
    return Math.min(...this.#partitions.map(({ greatestMs }) => greatestMs));
  }

  /** Whether a partition is to be read on now. */
  wants(topic: string, partition: number): boolean {
    const { greatestMs } = this.#of(topic, partition);
    return greatestMs === -Infinity || greatestMs <= this.leastMs + AHEAD_MS_MAX;
  }

  /** Takes what was read next of a partition; `lastMs`: the greatest received time there. */
  add(topic: string, partition: number, rows: readonly MovedRow[], lastMs: number): void {
    const of = this.#of(topic, partition);
    of.greatestMs = Math.max(of.greatestMs, lastMs);
    for (const row of rows) this.#waiting.push({ ...row, topic });
  }

  /** The rows that no other can come before, in order. */
  take(): readonly TopicRow[] {
    const throughMs = this.leastMs - this.#slackMs;
    const ready = this.#waiting.filter(({ receivedAt }) => receivedAt <= throughMs);
    this.#waiting = this.#waiting.filter(({ receivedAt }) => receivedAt > throughMs);
    return sorted(ready);
  }

  /** All others, in order: nothing comes any more. */
  drain(): readonly TopicRow[] {
    const rest = this.#waiting;
    this.#waiting = [];
    return sorted(rest);
  }

  #of(topic: string, partition: number): Partition {
    return this.#partitions.find((each) => each.topic === topic && each.partition === partition)!;
  }
}

const sorted = (rows: readonly TopicRow[]): readonly TopicRow[] =>
  rows.toSorted(
    (one, other) =>
      one.receivedAt - other.receivedAt ||
      (one.topic < other.topic ? -1 : one.topic > other.topic ? 1 : 0) ||
      one.partition - other.partition ||
      one.offset - other.offset,
  );
