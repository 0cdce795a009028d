import { setTimeout as sleep } from "node:timers/promises";
import {
  Admin,
  Connection,
  Consumer,
  instancesChannel,
  Producer,
  type ConnectionOptions,
  type RecordsBatch,
} from "@platformatic/kafka";
import { LIMITS } from "../../../core/limits.ts";
import { asKafkaError, asSendError, textOf } from "./kafka-error.ts";
import { KafkaGroup } from "./kafka-group.ts";
import type { PartitionEnd } from "../log.ts";
import {
  committedBatches,
  type AbortedTransaction,
  type FetchedBatch,
} from "./committed-records.ts";

/** How to reach a Kafka cluster. */
export interface KafkaConnection {
  /** `host:port` of some brokers; the others are learned from them. */
  readonly bootstrap: readonly string[];
  /** TLS: certificates as PEM texts. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: {
    readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
    readonly username: string;
    readonly password: string;
  };
}

/** A topic as it should be. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** As the broker names them, such as `retention.ms`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface OutRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface InRecord {
  readonly offset: number;
  readonly key: Uint8Array | null;
  /** Null: a deletion, in a compacted topic. */
  readonly value: Uint8Array | null;
  /** Absent where there are none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Records of one partition, in their order. */
export interface InBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly InRecord[];
  /** The next offset to read; offsets may be missing before it. */
  readonly endOffset: number;
}

export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * A connection that the client has given up may fail once more, when nobody listens any longer; that
 * would end the process.
 */
instancesChannel.subscribe((event) => {
  const { instance } = event as { readonly instance: unknown };
  if (instance instanceof Connection) instance.on("error", () => undefined);
});

/**
 * One client of a Kafka cluster. Errors are `KAFKA_UNAVAILABLE`, `TOPIC_UNKNOWN` where a topic isn't
 * there, and `CONFIG_INVALID` where the broker doesn't let us in, or isn't the one that we trust.
 */
export class KafkaClient {
  readonly #options: ConnectionOptions & {
    readonly clientId: string;
    readonly bootstrapBrokers: string[];
    readonly strict: boolean;
  };
  readonly #admin: Admin;
  #producer: Producer | undefined;
  #sending: Promise<unknown> = Promise.resolve();

  constructor(connection: KafkaConnection, clientId: string) {
    this.#options = {
      clientId,
      bootstrapBrokers: [...connection.bootstrap],
      strict: false,
      ...(connection.tls !== undefined && { tls: connection.tls }),
      ...(connection.sasl !== undefined && { sasl: connection.sasl }),
    };
    this.#admin = new Admin(this.#options);
  }

  /** Makes the topics that aren't there, with as many replicas as the cluster has, three at most. */
  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    await this.#told("make topics", async () => {
      const { brokers } = await this.#admin.metadata({ topics: [], forceUpdate: true });
      const known = new Set(await this.#admin.listTopics());
      const missing = topics.filter(({ name }) => !known.has(name));
      const alike = Map.groupBy(missing, (each) =>
        JSON.stringify([each.partitions, each.settings]),
      );
      for (const same of alike.values()) {
        const { partitions, settings = {} } = same[0]!;
        await this.#admin.createTopics({
          topics: same.map(({ name }) => name),
          partitions,
          replicas: Math.min(3, brokers.size),
          configs: Object.entries(settings).map(([name, value]) => ({ name, value })),
        });
      }
    });
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.#told("delete topics", () => this.#admin.deleteTopics({ topics: [...names] }));
  }

  /** Whether a broker answers. */
  async isReady(): Promise<boolean> {
    return this.#admin.metadata({ topics: [], forceUpdate: true }).then(
      () => true,
      () => false,
    );
  }

  topics(): Promise<string[]> {
    return this.#told("list topics", () => this.#admin.listTopics());
  }

  /**
   * Appends records; resolves when all in-sync replicas have them, with the offset of the first
   * record in each partition, or rejects within some seconds; then some may be there. One call is
   * under way at a time: an idempotent producer's sequence would break otherwise.
   */
  send(records: readonly OutRecord[]): Promise<readonly Place[]> {
    const sent = this.#sending.then(() =>
      this.#sendWhenReady(records).catch((error: unknown) => {
        throw asSendError(error);
      }),
    );
    this.#sending = sent.catch(() => undefined);
    return sent;
  }

  /** A cluster that has just started can't give a producer its number yet; nothing was sent then. */
  async #sendWhenReady(records: readonly OutRecord[]): Promise<readonly Place[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#send(records);
      } catch (error) {
        const isStarting = /COORDINATOR_(LOAD_IN_PROGRESS|NOT_AVAILABLE)/.test(textOf(error));
        if (!isStarting || tries >= STARTING_TRIES_MAX) throw error;
        await sleep(STARTING_PAUSE_MS);
      }
    }
  }

  async #send(records: readonly OutRecord[]): Promise<readonly Place[]> {
    if (records.length === 0) return [];
    this.#producer ??= new Producer({ ...this.#options, ...SENDING, idempotent: true, acks: -1 });
    const producer = this.#producer;
    try {
      const { offsets = [] } = await withinTime(
        producer.send({
          messages: records.map(({ topic, partition, key, value, headers }) => ({
            topic,
            partition,
            value: asBuffer(value),
            ...(key !== null && { key: asBuffer(key) }),
            ...(headers !== undefined && { headers: headersOf(headers) }),
          })),
        }),
      );
      return offsets.map((each) => ({ ...each, offset: Number(each.offset) }));
    } catch (error) {
      // What it may still try to send would come too late; its sequence is broken besides.
      this.#producer = undefined;
      void producer.close().catch(() => undefined);
      throw error;
    }
  }

  /** First and next offset of each partition; of what is committed. */
  async ends(topics: readonly string[]): Promise<PartitionEnd[]> {
    return this.#told("ask for offsets", async () => {
      const { topics: known } = await this.#admin.metadata({
        topics: [...topics],
        forceUpdate: true,
      });
      const places = topics.flatMap((topic) => {
        const { partitionsCount = 0 } = known.get(topic) ?? {};
        return Array.from({ length: partitionsCount }, (_, partition) => ({ topic, partition }));
      });
      const offsetsAt = async (timestamp: bigint): Promise<ReadonlyMap<string, number>> => {
        const listed = await this.#admin.listOffsets({
          isolationLevel: READ_COMMITTED,
          topics: topics.map((name) => ({
            name,
            partitions: places
              .filter(({ topic }) => topic === name)
              .map(({ partition }) => ({ partitionIndex: partition, timestamp })),
          })),
        });
        return new Map(
          listed.flatMap(({ name, partitions }) =>
            partitions.map((each) => [placeId(name, each.partitionIndex), Number(each.offset)]),
          ),
        );
      };
      const [starts, ends] = [await offsetsAt(EARLIEST), await offsetsAt(LATEST)];
      return places.map(({ topic, partition }) => ({
        topic,
        partition,
        start: starts.get(placeId(topic, partition)) ?? 0,
        end: ends.get(placeId(topic, partition)) ?? 0,
      }));
    });
  }

  /** The next offsets to read that a consumer group committed; of engines that commit there. */
  async committed(group: string): Promise<readonly Place[]> {
    return this.#told("ask for a group's offsets", async () => {
      const groups = await this.#admin.listConsumerGroupOffsets({ groups: [group] });
      return groups.flatMap(({ topics }) =>
        topics.flatMap(({ name, partitions }) =>
          partitions.map((each) => ({
            topic: name,
            partition: each.partitionIndex,
            offset: Number(each.committedOffset),
          })),
        ),
      );
    });
  }

  /** Reads partitions; no group, nothing is committed. */
  reader(): KafkaReader {
    const groupId = `${this.#options.clientId}-reader`; // never joined
    return new KafkaReader(new Consumer({ ...this.#options, groupId, autocommit: false }));
  }

  /** A member of a group that shares the topics' partitions among its members. */
  group(group: string, topics: readonly string[]): KafkaGroup {
    const { clientId, bootstrapBrokers, strict: _, ...connection } = this.#options;
    return new KafkaGroup({ connection, clientId, bootstrapBrokers, group, topics });
  }

  async close(): Promise<void> {
    await this.#sending;
    await this.#producer?.close();
    await this.#admin.close();
  }

  async #told<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asKafkaError(what, error);
    }
  }
}

/** The part of a fetch's answer that is used. */
interface Fetched {
  readonly responses: readonly {
    readonly topicId: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly records?: readonly RecordsBatch[] | null;
      readonly abortedTransactions: readonly AbortedTransaction[] | null;
    }[];
  }[];
}

/** Reads partitions, batch by batch; what aborted transactions wrote is left out. */
export class KafkaReader {
  readonly #consumer: Consumer;

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  /** What there is from these offsets on, at most some megabytes; waits so long for the first. */
  async read(places: readonly Place[], waitMs: number): Promise<readonly InBatch[]> {
    try {
      this.#consumer.topics.trackAll(...new Set(places.map(({ topic }) => topic)));
      const { topics } = await this.#consumer.metadata({ topics: this.#consumer.topics.current });
      const byLeader = Map.groupBy(
        places,
        ({ topic, partition }) => topics.get(topic)?.partitions[partition]?.leader ?? -1,
      );
      const names = new Map([...topics].map(([name, { id }]) => [id, name]));
      const fetched = [...byLeader].map(async ([node, own]) => {
        const response = await this.#consumer.fetch({
          node,
          maxWaitTime: waitMs,
          minBytes: 1,
          maxBytes: LIMITS.kafkaFetchBytesMax,
          isolationLevel: READ_COMMITTED,
          topics: [...Map.groupBy(own, ({ topic }) => topic)].map(([topic, those]) => ({
            topicId: topics.get(topic)!.id,
            partitions: those.map(({ partition, offset }) => ({
              partition,
              fetchOffset: BigInt(offset),
              partitionMaxBytes: LIMITS.kafkaPartitionFetchBytesMax,
              currentLeaderEpoch: -1,
              lastFetchedEpoch: -1,
            })),
          })),
        });
        return batchesOf(response, names, own);
      });
      return (await Promise.all(fetched)).flat();
    } catch (error) {
      throw asKafkaError("read", error);
    }
  }

  async close(): Promise<void> {
    await this.#consumer.close(true);
  }
}

function batchesOf(
  { responses }: Fetched,
  names: ReadonlyMap<string, string>,
  places: readonly Place[],
): InBatch[] {
  const fromOf = new Map(places.map((each) => [placeId(each.topic, each.partition), each.offset]));
  const batches: InBatch[] = [];
  for (const { topicId, partitions } of responses) {
    const topic = names.get(topicId)!;
    for (const { partitionIndex: partition, records, abortedTransactions } of partitions) {
      const last = records?.at(-1);
      const from = fromOf.get(placeId(topic, partition));
      if (records === undefined || records === null || last === undefined) continue;
      if (from === undefined) continue;
      const committed = committedBatches(records.map(asFetched), abortedTransactions ?? []);
      batches.push({
        topic,
        partition,
        endOffset: Number(last.firstOffset) + last.lastOffsetDelta + 1,
        records: committed.flatMap(({ batch }) => recordsOf(batch, from)),
      });
    }
  }
  return batches;
}

/** Of a producer: its tries end well within the time for which a record's stamp is good. */
const SENDING = {
  connectTimeout: 2_000,
  requestTimeout: 4_000,
  timeout: 3_000,
  retries: 2,
  retryDelay: 300,
};
const SEND_MS_MAX = 7_000;
const STARTING_TRIES_MAX = 20;
const STARTING_PAUSE_MS = 250;

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${SEND_MS_MAX} ms`)), SEND_MS_MAX);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const READ_COMMITTED = 1;
const EARLIEST = -2n;
const LATEST = -1n;
const IS_TRANSACTIONAL = 0x10;
const IS_CONTROL = 0x20;

function asFetched(batch: RecordsBatch): FetchedBatch & { readonly batch: RecordsBatch } {
  const isControl = (batch.attributes & IS_CONTROL) !== 0;
  const type = isControl ? batch.records[0]?.key?.readInt16BE(2) : undefined;
  return {
    batch,
    producerId: batch.producerId,
    firstOffset: batch.firstOffset,
    isTransactional: (batch.attributes & IS_TRANSACTIONAL) !== 0,
    marker: isControl ? (type === 0 ? "abort" : "commit") : undefined,
  };
}

/** A fetch begins with the batch that contains its offset. */
const recordsOf = ({ firstOffset, records }: RecordsBatch, from: number): InRecord[] =>
  records
    .map(({ offsetDelta, key, value, headers }) => ({
      offset: Number(firstOffset) + offsetDelta,
      key,
      value,
      ...(headers.length > 0 && { headers: headersFrom(headers) }),
    }))
    .filter(({ offset }) => offset >= from);

const placeId = (topic: string, partition: number): string => `${partition} ${topic}`;

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const headersOf = (headers: Readonly<Record<string, string>>): Map<Buffer, Buffer> =>
  new Map(Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]));

const headersFrom = (
  headers: readonly (readonly [Buffer | null, Buffer | null])[],
): Record<string, string> =>
  Object.fromEntries(headers.map(([name, value]) => [String(name ?? ""), String(value ?? "")]));
