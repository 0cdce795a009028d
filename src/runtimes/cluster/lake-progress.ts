import type { KafkaClient } from "../../storage/log/kafka/kafka-client.ts";
import type { RowBatches } from "../../storage/log/kafka/row-batches.ts";
import type { LakeReader } from "../../storage/lake/lake.ts";
import { placeId, receivedTimes } from "./received-times.ts";

export interface LakeProgressOptions {
  readonly client: KafkaClient;
  readonly rows: RowBatches;
  readonly lake: LakeReader;
  readonly topics: readonly string[];
  /** What a topic of the definition is called on Kafka. */
  readonly nameOf: (topic: string) => string;
}

/** Offsets before the end in which a record is looked for; those of transactions have none. */
const BACK_MAX = 64;

/**
 * How far the lake has come, in received time: for each partition the time at which the first record
 * that it doesn't have was received. Everything that was received before (by more than the slack) is
 * in the lake. Heartbeats, which the lake has none of, are read from Kafka.
 */
export class LakeProgress {
  readonly #options: LakeProgressOptions;
  /** By topic, by partition, ms. */
  readonly #received = new Map<string, Map<number, number>>();

  constructor(options: LakeProgressOptions) {
    this.#options = options;
  }

  /** Asks lake and Kafka where they are. */
  async refresh(): Promise<void> {
    const { client, lake, topics, nameOf } = this.#options;
    const topicOf = new Map(topics.map((topic) => [nameOf(topic), topic]));
    const ends = await client.ends([...topicOf.keys()]);
    const known = new Map<string, number>();
    for (const topic of topics) {
      for (const { partition, offset } of await lake.coverage(topic)) {
        known.set(placeId({ topic: nameOf(topic), partition }), offset);
      }
    }
    const next = ends.map((end) => Math.max(known.get(placeId(end)) ?? 0, end.start));
    const first = await receivedTimes(this.#options, ends, next);
    // Where the lake has everything, its last record's time is as good.
    const caughtUp = ends.filter((end) => !first.has(placeId(end)));
    const back = caughtUp.map(({ start, end }) => Math.max(start, end - BACK_MAX));
    const last = await receivedTimes(this.#options, caughtUp, back, ({ records }) =>
      records.toReversed(),
    );
    for (const end of ends) {
      const received = first.get(placeId(end)) ?? last.get(placeId(end)) ?? -Infinity;
      this.#advance(topicOf.get(end.topic)!, end.partition, received);
    }
  }

  /** The least over a topic's partitions, ms; -Infinity where one has had no record. */
  of(topic: string): number {
    return Math.min(Infinity, ...(this.#received.get(topic)?.values() ?? [-Infinity]));
  }

  /** The least over all topics, ms. */
  get least(): number {
    return Math.min(...this.#options.topics.map((topic) => this.of(topic)));
  }

  #advance(topic: string, partition: number, receivedAt: number): void {
    const partitions = this.#received.get(topic) ?? new Map<number, number>();
    partitions.set(partition, Math.max(partitions.get(partition) ?? -Infinity, receivedAt));
    this.#received.set(topic, partitions);
  }
}
