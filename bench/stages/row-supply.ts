import { seededRandom, type Random } from "../../src/core/random.ts";
import { encodeRow } from "../../src/language/compile/javascript/encode-row.ts";
import type { Topic } from "../../src/language/plan/topic.ts";
import type { Value } from "../../src/language/plan/value.ts";
import { ROW_HEAD } from "../../src/language/schema/layout.ts";
import type { Batch, LogReader } from "../../src/storage/log/log.ts";

const BATCH_EVENTS = 2_000;
/** Batches that are made once and come again, with other times and offsets. */
const BATCHES = 150;
/** Ms between two events: 50,000 a second. */
const EVENT_MS = 0.02;
const START = Date.UTC(2026, 0, 1);

interface MadeBatch {
  readonly partition: number;
  readonly rows: Buffer;
  readonly starts: readonly number[];
  /** Where each row has its time. */
  readonly timeAt: readonly number[];
}

/** Gives batches of rows of `examples/shop` without end: uniform users, many pages. */
export class RowSupply {
  readonly #topic: Topic;
  readonly #batches: readonly MadeBatch[];
  readonly #ends: number[];
  #events = 0;

  constructor(topic: Topic, users: number, partitions: number) {
    this.#topic = topic;
    const random = seededRandom(7);
    this.#batches = Array.from({ length: BATCHES }, (_, index) =>
      madeBatch(topic, index % partitions, partitions, users, random),
    );
    this.#ends = Array.from({ length: partitions }, () => 0);
  }

  get rowBytes(): number {
    const bytes = this.#batches.reduce((sum, { rows }) => sum + rows.length, 0);
    return Math.round(bytes / (BATCHES * BATCH_EVENTS));
  }

  /** The next batch; its rows are valid until it comes again. */
  next(): Batch {
    const { partition, rows, starts, timeAt } =
      this.#batches[(this.#events / BATCH_EVENTS) % BATCHES]!;
    const baseOffset = this.#ends[partition]!;
    for (const [index, start] of starts.entries()) {
      const time = Math.floor(START + (this.#events + index) * EVENT_MS);
      rows.writeBigUInt64LE(BigInt(baseOffset + index), start + ROW_HEAD.offset);
      rows.writeBigInt64LE(BigInt(time), timeAt[index]);
      rows.writeBigInt64LE(BigInt(time + 50), start + ROW_HEAD.receivedAt);
    }
    this.#events += BATCH_EVENTS;
    this.#ends[partition] = baseOffset + BATCH_EVENTS;
    const at = Math.floor(START + this.#events * EVENT_MS) + 50;
    return {
      ...{ topic: this.#topic.name, partition, kind: "events", layoutId: 1, count: BATCH_EVENTS },
      ...{ baseOffset, endOffset: baseOffset + BATCH_EVENTS, rows, crc: 0 },
      ...{ firstReceivedAt: at, lastReceivedAt: at, minTime: at, maxTime: at },
    } as const;
  }

  /** A log that always has one more batch, of the partition that is asked. */
  log(topics: readonly string[]): Pick<LogReader, "read" | "ends" | "changed" | "progress"> {
    const partitions = this.#ends.map((_, partition) => partition);
    return {
      read: () => [this.next()],
      ends: () =>
        topics.flatMap((topic) =>
          partitions.map((partition) => ({
            ...{ topic, partition, start: 0 },
            end: topic === this.#topic.name ? this.#upcoming(partition) : 0,
          })),
        ),
      changed: () => true,
      progress: () => partitions.map(() => -Infinity),
    };
  }

  /** The end of a partition as if the next batch, where it is of this partition, were there. */
  #upcoming(partition: number): number {
    const next = this.#batches[(this.#events / BATCH_EVENTS) % BATCHES]!;
    return this.#ends[partition]! + (next.partition === partition ? BATCH_EVENTS : 0);
  }
}

function madeBatch(
  topic: Topic,
  partition: number,
  partitions: number,
  users: number,
  random: Random,
): MadeBatch {
  const rows: Uint8Array[] = [];
  const starts: number[] = [];
  const timeAt: number[] = [];
  let at = 0;
  for (let n = 0; n < BATCH_EVENTS; n++) {
    const user = random.integer(Math.ceil(users / partitions)) * partitions + partition;
    const row = rowOf(topic, user, random);
    const mark = Buffer.alloc(8);
    mark.writeBigInt64LE(BigInt(START));
    starts.push(at);
    timeAt.push(at + Buffer.from(row).indexOf(mark, ROW_HEAD.receivedAt + 8));
    rows.push(row);
    at += row.length;
  }
  return { partition, rows: Buffer.concat(rows), starts, timeAt };
}

function rowOf(topic: Topic, user: number, random: Random): Uint8Array {
  const kind = random.next();
  const page = Math.floor(3_000 * random.next() ** 2);
  const values: Record<string, Value> = {
    _offset: 0n,
    received_at: START,
    event_id: crypto.randomUUID(),
    user_id: `user-${user.toString().padStart(8, "0")}`,
    session_id: `session-${user}-${random.integer(3)}`,
    event_type: kind < 0.7 ? "page_view" : kind < 0.93 ? "click" : "purchase",
    timestamp: START,
    "properties.page_url": `https://shop.example/products/kitchen/item-${page}`,
    "properties.referrer": "https://search.example/?q=shoes",
    "properties.user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari",
    "properties.device_type": "mobile",
    "properties.location.country": "DE",
    "properties.location.region": "Bavaria",
    "properties.price": kind >= 0.93 ? BigInt(random.integer(1_000_000)) : null,
    "properties.currency": kind >= 0.93 ? "EUR" : null,
    page_path: `/products/kitchen/item-${page}`,
    _in_dim_users_by_user_id_or_anonymous_id: true,
  };
  if (topic.name === "shop-events") {
    Object.assign(values, { event_type: "purchase", "properties.price": 129900n });
    Object.assign(values, { "properties.quantity": 2n, "properties.currency": "EUR" });
  }
  return encodeRow(
    topic.layout,
    topic.layout.columns.map((column) => {
      const value = values[column.name];
      if (value !== undefined) return value;
      return column.nullable ? null : column.codec === "string" ? "" : 0n;
    }),
  );
}
