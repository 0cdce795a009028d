import { assert, MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import type { Batch, PartitionEnd, ReadRequest } from "../log.ts";
import type { InBatch, KafkaClient, KafkaReader, Place } from "./kafka-client.ts";
import type { RowBatches } from "./row-batches.ts";

/** A partition that is read, and what was fetched of it and isn't read yet. */
interface Followed {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  batches: Batch[];
  bytes: number;
  /** The next offset to fetch. */
  next: number;
  /** Where the batches end; what comes after, up to `next`, has no records. */
  end: number;
}

export interface KafkaBatchReaderOptions {
  readonly client: KafkaClient;
  readonly rows: RowBatches;
  /** What a topic of the definition is called on Kafka. */
  readonly nameOf: (topic: string) => string;
  readonly bytesMax?: number;
}

const WAIT_MS = 200;
const RETRY_MS = 500;

/**
 * Reads partitions of topics as the log's batches. It fetches ahead, within a bound, so that `read`
 * answers at once with what is there: `ends` tells of what was fetched, not of what the broker has.
 * For one reader, that goes forward; who goes back waits until it is fetched again.
 */
export class KafkaBatchReader {
  readonly #options: KafkaBatchReaderOptions;
  readonly #followed = new Map<string, Followed>();
  #reader: KafkaReader | undefined;
  #fetching: Promise<void>;
  #isClosed = false;
  #failure: unknown;
  #wake: () => void = () => undefined;

  constructor(options: KafkaBatchReaderOptions) {
    this.#options = options;
    this.#fetching = this.#fetchAll();
  }

  /**
   * Follows these partitions from now on, from these offsets (0: from where they begin), and no
   * others. Throws `OFFSET_TRIMMED` where retention was quicker than the reader.
   */
  async assign(places: readonly Place[]): Promise<void> {
    const { client, nameOf } = this.#options;
    const topics = [...new Set(places.map(({ topic }) => topic))];
    const known = new Map(
      (await client.ends(topics.map(nameOf))).map((each) => [
        placeId(each.topic, each.partition),
        each,
      ]),
    );
    this.#followed.clear();
    for (const { topic, partition, offset } of places) {
      const end = known.get(placeId(nameOf(topic), partition));
      if (end === undefined) {
        throw new MillraceError("TOPIC_UNKNOWN", `Kafka has no partition ${partition} of ${topic}`);
      }
      if (offset > 0 && offset < end.start) {
        throw new MillraceError(
          "OFFSET_TRIMMED",
          `${topic}, partition ${partition}: Kafka has removed offsets ${offset} to ${end.start}, which weren't read`,
          {
            offset,
            hint: "raise the topic's retention.ms; bring the lost events back by an import",
          },
        );
      }
      const next = Math.max(offset, end.start);
      const followed = {
        topic,
        partition,
        start: end.start,
        batches: [],
        bytes: 0,
        next,
        end: next,
      };
      this.#followed.set(placeId(topic, partition), followed);
    }
    await this.#restart();
  }

  /** Batches from `from` on, as far as they were fetched. */
  read(request: ReadRequest): Batch[] {
    const { topic, partition, from, bytesMax = LIMITS.readBytesMax, to = Infinity } = request;
    this.#throwFailure();
    const followed = this.#followed.get(placeId(topic, partition));
    if (followed === undefined) {
      throw new MillraceError("TOPIC_UNKNOWN", `partition ${partition} of ${topic} isn't followed`);
    }
    const first = followed.batches[0]?.baseOffset ?? followed.end;
    if (from < first || from > followed.end) {
      void this.#seek(followed, from);
      return [];
    }
    this.#forget(followed, from);
    const batches: Batch[] = [];
    let bytes = 0;
    for (const whole of followed.batches) {
      if (whole.baseOffset >= to || bytes >= bytesMax) break;
      const batch = this.#options.rows.part(whole, from, to);
      batches.push(batch);
      bytes += batch.rows.length;
    }
    return batches;
  }

  /** Of the partitions that are followed: their first offset, and the end of what was fetched. */
  ends(): PartitionEnd[] {
    this.#throwFailure();
    return [...this.#followed.values()].map(({ topic, partition, start, end }) => ({
      topic,
      partition,
      start,
      end,
    }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.#fetching;
    await this.#reader?.close();
  }

  /** Lets go of batches before an offset. */
  #forget(followed: Followed, from: number): void {
    const kept = followed.batches.findIndex(({ endOffset }) => endOffset > from);
    const gone = followed.batches.splice(0, kept === -1 ? followed.batches.length : kept);
    followed.bytes -= gone.reduce((sum, { rows }) => sum + rows.length, 0);
    if (gone.length > 0) this.#wake();
  }

  #seek(followed: Followed, from: number): Promise<void> {
    followed.batches = [];
    followed.bytes = 0;
    followed.next = Math.max(from, followed.start);
    followed.end = followed.next;
    return this.#restart();
  }

  /** The fetch that is under way is of no use any more: its reader goes. */
  async #restart(): Promise<void> {
    const old = this.#reader;
    this.#reader = undefined;
    this.#wake();
    await old?.close();
  }

  async #fetchAll(): Promise<void> {
    while (!this.#isClosed) {
      const places = [...this.#followed.values()].filter(({ bytes }) => bytes < this.#roomEach());
      if (places.length === 0) {
        await this.#pause(undefined);
        continue;
      }
      try {
        await this.#fetch(places);
      } catch (error) {
        if (this.#isClosed) return;
        if (error instanceof MillraceError && error.code === "STORAGE_CORRUPT") {
          this.#failure = error;
          return;
        }
        await this.#pause(RETRY_MS); // a broker that is away comes back, or its partitions move
      }
    }
  }

  async #fetch(places: readonly Followed[]): Promise<void> {
    const { client, nameOf, rows } = this.#options;
    const byName = new Map(
      places.map((each) => [placeId(nameOf(each.topic), each.partition), each]),
    );
    this.#reader ??= client.reader();
    const reader = this.#reader;
    const fetched = await reader.read(
      places.map((each) => ({ ...each, topic: nameOf(each.topic), offset: each.next })),
      WAIT_MS,
    );
    await rows.learn(fetched);
    if (this.#reader !== reader) return;
    for (const each of fetched) {
      const followed = byName.get(placeId(each.topic, each.partition));
      assert(followed !== undefined, "a fetch gives what was asked for");
      this.#take(followed, each, rows);
    }
  }

  #take(followed: Followed, fetched: InBatch, rows: RowBatches): void {
    const batches = rows.batches({ ...fetched, topic: followed.topic }, followed.end);
    followed.next = fetched.endOffset;
    if (batches.length === 0) return;
    followed.end = followed.next;
    followed.batches.push(...batches);
    followed.bytes += batches.reduce((sum, batch) => sum + batch.rows.length, 0);
  }

  #roomEach(): number {
    const { bytesMax = LIMITS.keptReadsBytesMax } = this.#options;
    return bytesMax / Math.max(1, this.#followed.size);
  }

  #pause(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

const placeId = (topic: string, partition: number): string => `${partition} ${topic}`;
