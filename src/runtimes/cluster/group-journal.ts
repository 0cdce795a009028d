import { MillraceError } from "../../core/errors.ts";
import type { LoadIntent, LoadJournal } from "../../process/load/load-journal.ts";
import type { KafkaGroup, Membership } from "../../storage/log/kafka/kafka-group.ts";
import type { ReaderPosition } from "../../storage/log/log.ts";

interface Known extends ReaderPosition {
  /** Where the insert that was begun ends. */
  readonly to?: number;
}

/**
 * A loader's journal in the group's own positions: a position is where the warehouse's rows end,
 * and its note says up to where an insert was begun. Whoever gets a partition next makes that insert
 * again, exactly, before anything else; the warehouse knows it by its token. A member whose time is
 * over can't begin another: its commit is refused.
 */
export class GroupJournal implements LoadJournal {
  readonly #group: KafkaGroup;
  readonly #membership: Membership;
  /** What a topic is called on Kafka. */
  readonly #nameOf: (topic: string) => string;
  readonly #known = new Map<string, Known>();

  constructor(group: KafkaGroup, membership: Membership, nameOf: (topic: string) => string) {
    this.#group = group;
    this.#membership = membership;
    this.#nameOf = nameOf;
  }

  /** Reads what the group knows of the member's partitions of these topics. */
  async open(topics: readonly string[]): Promise<void> {
    const topicOf = new Map(topics.map((topic) => [this.#nameOf(topic), topic]));
    for (const { note, ...place } of await this.#group.positions(this.#membership)) {
      const topic = topicOf.get(place.topic);
      if (topic === undefined) continue;
      const to = note === "" ? {} : { to: Number(note) };
      this.#set({ ...place, topic, ...to });
    }
  }

  positions(): readonly ReaderPosition[] {
    return [...this.#known.values()].map(({ topic, partition, offset }) => ({
      topic,
      partition,
      offset,
    }));
  }

  intent(): LoadIntent | undefined {
    for (const { topic, partition, offset, to } of this.#known.values()) {
      if (to !== undefined) return { topic, ranges: [{ partition, from: offset, to }] };
    }
    return undefined;
  }

  async begin({ topic, ranges }: LoadIntent): Promise<void> {
    await this.#commit(
      ranges.map(({ partition, from, to }) => ({ topic, partition, offset: from, to })),
    );
  }

  async commit(positions: readonly ReaderPosition[]): Promise<void> {
    await this.#commit(positions);
  }

  close(): void {
    // The group's, who joined it.
  }

  async #commit(all: readonly Known[]): Promise<void> {
    const isOurs = await this.#group.commit(
      this.#membership,
      all.map(({ topic, partition, offset, to }) => ({
        topic: this.#nameOf(topic),
        partition,
        offset,
        note: to === undefined ? "" : String(to),
      })),
    );
    if (!isOurs) {
      throw new MillraceError("NOT_READY", "the partitions are being shared out anew", {
        hint: "nothing is to be done: whoever has them next goes on from there",
      });
    }
    for (const each of all) this.#set(each);
  }

  #set(known: Known): void {
    this.#known.set(`${known.partition} ${known.topic}`, known);
  }
}
