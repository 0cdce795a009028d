import { murmur2, partitionOf } from "../../core/murmur2.ts";
import { RowAvro } from "../../language/compile/avro/row-avro.ts";
import type { Topic } from "../../language/plan/topic.ts";
import { ROW_FLAGS, ROW_HEAD, type Layout } from "../../language/schema/layout.ts";
import { HASH_WORDS, identityHash, SECRET_BYTES } from "../../storage/ids/identity-hash.ts";
import type { LogWriterPort, PendingBatch } from "../../storage/log/log.ts";
import { keyTextOf } from "../../storage/log/row-key.ts";
import type { TopicRow } from "./received-order.ts";

export interface PastWriterOptions {
  /** With all of the topics. */
  readonly log: Pick<LogWriterPort, "append" | "partitionsOf" | "secret">;
  readonly topics: readonly Topic[];
  /** The number of a layout in the log. */
  readonly layoutIdOf: (layout: Layout) => number;
  /** Everything that was received until then is in the log, ms. */
  readonly throughMs: number;
}

interface Group {
  readonly topic: Topic;
  readonly partition: number;
  readonly layout: Layout;
  readonly rows: TopicRow[];
}

const SOURCE = "mirror";

/**
 * Writes events of another pipeline into a log, in the order in which they were received and with
 * those times. All that was received at one moment is one commit: the log's own last received time
 * says where to go on after a crash.
 */
export class PastWriter {
  readonly #options: PastWriterOptions;
  readonly #topics: ReadonlyMap<string, Topic>;
  readonly #readings = new Map<Layout, RowAvro>();
  readonly #secret: Uint8Array;
  #lastMs: number;

  constructor(options: PastWriterOptions) {
    this.#options = options;
    this.#topics = new Map(options.topics.map((topic) => [topic.name, topic]));
    this.#secret = options.log.secret("ids", SECRET_BYTES);
    this.#lastMs = options.throughMs;
  }

  /** Writes rows, which ascend in received time; gives how many weren't there yet. */
  write(rows: readonly TopicRow[]): number {
    const missing = rows.filter(({ receivedAt }) => receivedAt > this.#options.throughMs);
    for (let from = 0; from < missing.length;) {
      const { receivedAt } = missing[from]!;
      let to = from + 1;
      while (to < missing.length && missing[to]!.receivedAt === receivedAt) to++;
      this.#commit(missing.slice(from, to), receivedAt);
      from = to;
    }
    return missing.length;
  }

  #commit(rows: readonly TopicRow[], receivedMs: number): void {
    const groups = this.#grouped(rows);
    // What breaks the promise of the slack would be late where it came from, and is so here.
    const isMisplaced = receivedMs < this.#lastMs;
    this.#lastMs = Math.max(this.#lastMs, receivedMs);
    const counted = Map.groupBy(rows, ({ topic }) => topic);
    this.#options.log.append({
      batches: groups.map((group) => this.#batch(group, isMisplaced)),
      counts: [...counted].map(([topic, { length: n }]) => ({
        topic,
        status: "in",
        source: SOURCE,
        n,
      })),
      receivedAt: this.#lastMs,
    });
  }

  #grouped(rows: readonly TopicRow[]): readonly Group[] {
    const groups = new Map<string, Group>();
    for (const row of rows) {
      const topic = this.#topics.get(row.topic)!;
      const key = keyTextOf(topic, this.#reading(row.layout), row.rows, row.start);
      const partition = partitionOf(murmur2(key), this.#options.log.partitionsOf(topic.name));
      const name = `${partition} ${row.layout.id} ${topic.name}`;
      const group = groups.get(name) ?? { topic, partition, layout: row.layout, rows: [] };
      group.rows.push(row);
      groups.set(name, group);
    }
    return [...groups.values()];
  }

  #batch({ topic, partition, layout, rows }: Group, isMisplaced: boolean): PendingBatch {
    const reading = this.#reading(layout);
    const bytes = new Uint8Array(rows.reduce((sum, { start, end }) => sum + end - start, 0));
    const rowStarts = new Uint32Array(rows.length);
    const times = new Float64Array(rows.length);
    let at = 0;
    for (const [index, row] of rows.entries()) {
      bytes.set(row.rows.subarray(row.start, row.end), at);
      if (isMisplaced) bytes[at + ROW_HEAD.flags]! |= ROW_FLAGS.imported;
      rowStarts[index] = at;
      times[index] = reading.int64Of(topic.time, row.rows, row.start);
      at += row.end - row.start;
    }
    const place = { topic: topic.name, partition, layoutId: this.#options.layoutIdOf(layout) };
    // A stream's rows follow those that they are made of: they have no identity of their own.
    if (topic.node.kind === "stream") return { ...place, rows: bytes, rowStarts, times };
    return { ...place, rows: bytes, rowStarts, times, ids: this.#ids(topic, reading, rows) };
  }

  #ids(topic: Topic, reading: RowAvro, rows: readonly TopicRow[]): Uint32Array {
    const ids = new Uint32Array(rows.length * HASH_WORDS);
    const identity = identityHash(this.#secret, topic.name);
    for (const [index, { rows: from, start }] of rows.entries()) {
      const textOf = (path: string): Uint8Array | undefined => reading.textOf(path, from, start);
      const key = topic.key.map(textOf).find((text) => text !== undefined) ?? new Uint8Array();
      const both = Buffer.concat([key, textOf(topic.id) ?? new Uint8Array()]);
      identity.hash(both, 0, key.length, key.length, both.length, ids, index);
    }
    return ids;
  }

  #reading(layout: Layout): RowAvro {
    let reading = this.#readings.get(layout);
    if (reading === undefined) this.#readings.set(layout, (reading = new RowAvro(layout)));
    return reading;
  }
}
