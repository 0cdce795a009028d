import { setTimeout as sleep } from "node:timers/promises";
import { ByteWriter } from "../../../core/byte-writer.ts";
import type { Clock } from "../../../core/clock.ts";
import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import { partitionOf } from "../../../core/murmur2.ts";
import { RowAvro } from "../../../language/compile/avro/row-avro.ts";
import type { Topic } from "../../../language/plan/topic.ts";
import {
  requestBytes,
  requestDefect,
  type AppendedSet,
  type AppendRequest,
  type AppendResult,
  type RowSet,
} from "../append-request.ts";
import type { PendingCount, PendingQuarantine } from "../log.ts";
import { patchRows } from "../row-header.ts";
import { writeFrame } from "./framed-record.ts";
import { heartbeatRow } from "./heartbeat-row.ts";
import type { KafkaClient, OutRecord, Place } from "./kafka-client.ts";
import type { TopicNames } from "./topic-names.ts";

/** A topic that a collector writes to. */
export interface AppendTopic {
  readonly topic: Topic;
  /** Id of its schema in the registry. */
  readonly schemaId: number;
  readonly partitions: number;
}

export interface KafkaAppenderOptions {
  readonly client: KafkaClient;
  readonly clock: Clock;
  readonly names: TopicNames;
  readonly topics: readonly AppendTopic[];
  /** Bytes that may wait; beyond them `append` rejects with `RATE_LIMITED`. */
  readonly queueBytesMax?: number;
}

interface Waiting {
  readonly request: AppendRequest;
  readonly bytes: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * How long a sending is tried again: until the cluster has elected other leaders for the partitions
 * of a broker that is gone. Each try stamps its records anew, so that none is older than the slack.
 */
const TRY_MS_MAX = 25_000;
const PAUSE_MS = 500;

/**
 * Appends the door's rows to raw topics, many requests with one sending.
 * What was sent again after a failure may be there twice: the gate behind the topic knows the ids.
 * Derived rows of a topic that isn't among `topics` are left out: they are made behind the gate.
 */
export class KafkaAppender {
  readonly #options: KafkaAppenderOptions;
  readonly #topics: ReadonlyMap<string, AppendTopic & { readonly avro: RowAvro }>;
  readonly #writer = new ByteWriter(LIMITS.idleBufferBytesMax);
  #queue: Waiting[] = [];
  #queueBytes = 0;
  #isSending = false;

  constructor(options: KafkaAppenderOptions) {
    this.#options = options;
    this.#topics = new Map(
      options.topics.map((each) => [
        each.topic.name,
        { ...each, avro: new RowAvro(each.topic.layout) },
      ]),
    );
  }

  /**
   * Resolves when every in-sync replica has the request. Rejects with `RATE_LIMITED` (too much
   * waits) and `KAFKA_UNAVAILABLE`; then some of it may be there, and may be sent again.
   */
  append(request: AppendRequest): Promise<AppendResult> {
    const defect = requestDefect(request);
    if (defect !== undefined) return Promise.reject(new MillraceError("INTERNAL", defect));
    const bytes = requestBytes(request);
    const { queueBytesMax = LIMITS.appendQueueBytesMax } = this.#options;
    if (this.#queueBytes + bytes > queueBytesMax && this.#queueBytes > 0) {
      return Promise.reject(
        new MillraceError("RATE_LIMITED", "too many events wait for Kafka", {
          hint: "send them again in a second",
        }),
      );
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, bytes, resolve, reject });
      this.#queueBytes += bytes;
      void this.#sendAll();
    });
  }

  /** Sends a heartbeat to every partition of every topic; gives its received time, ms. */
  async heartbeat(): Promise<number> {
    const receivedAt = this.#options.clock.nowMs();
    const beats = [...this.#topics.values()].flatMap(({ topic, schemaId, partitions, avro }) => {
      this.#writer.take();
      writeFrame(schemaId, this.#writer);
      avro.toAvro(heartbeatRow(topic, receivedAt), 0, this.#writer);
      const value = this.#writer.take();
      return Array.from({ length: partitions }, (_, partition): OutRecord => ({
        topic: this.#options.names.raw(topic.name),
        partition,
        key: NO_KEY,
        value,
      }));
    });
    await this.#options.client.send(beats);
    return receivedAt;
  }

  /** Bytes that wait for their sending. */
  get waitingBytes(): number {
    return this.#queueBytes;
  }

  async #sendAll(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#queue.length > 0) {
      const taken = this.#queue;
      this.#queue = [];
      try {
        const results = await this.#sendOnce(taken.map(({ request }) => request));
        taken.forEach(({ resolve }, index) => resolve(results[index]!));
      } catch (error) {
        for (const { reject } of taken) reject(error);
      }
      this.#queueBytes -= taken.reduce((sum, { bytes }) => sum + bytes, 0);
    }
    this.#isSending = false;
  }

  async #sendOnce(requests: readonly AppendRequest[]): Promise<readonly AppendResult[]> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + TRY_MS_MAX;
    for (;;) {
      const receivedAt = clock.nowMs();
      const sending = new Sending();
      const results = requests.map((request) => this.#put(request, receivedAt, sending));
      try {
        sending.place(await this.#options.client.send(sending.records));
        return results;
      } catch (error) {
        if (clock.monotonicMs() >= endMs) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }

  #put(request: AppendRequest, receivedAt: number, sending: Sending): AppendResult {
    const sets = request.sets.map((set) => this.#putSet(set, receivedAt, sending));
    for (const item of request.quarantine ?? []) sending.add(this.#quarantined(item, receivedAt));
    const counts = (request.counts ?? []).filter(({ status }) => status === "refused");
    if (counts.length > 0) sending.add(this.#counted(counts, receivedAt));
    return { receivedAt, sets };
  }

  #putSet(set: RowSet, receivedAt: number, sending: Sending): AppendedSet {
    const count = set.rowStarts.length;
    const fate: AppendedSet = {
      status: new Uint8Array(count),
      offsets: new Float64Array(count),
      partitions: new Uint16Array(count),
    };
    const into = this.#topics.get(set.topic);
    if (into === undefined && set.parent !== undefined) return fate;
    if (into === undefined) {
      throw new MillraceError("TOPIC_UNKNOWN", `the collector has no topic ${set.topic}`);
    }
    patchRows(set.rows, set.rowStarts, 0, 0, receivedAt);
    for (let row = 0; row < count; row++) {
      const partition = partitionOf(set.partitionHash[row]!, into.partitions);
      const start = set.rowStarts[row]!;
      writeFrame(into.schemaId, this.#writer);
      into.avro.toAvro(set.rows, start, this.#writer);
      const key = keyOf(into, set.rows, start);
      const record = {
        topic: this.#options.names.raw(set.topic),
        partition,
        key,
        value: this.#writer.take(),
      };
      fate.partitions[row] = partition;
      sending.add(record, (offset) => (fate.offsets[row] = offset));
    }
    return fate;
  }

  #quarantined(item: PendingQuarantine, receivedAt: number): OutRecord {
    const { reason, field = "", rule = "", source = "", eventId } = item;
    return {
      topic: this.#options.names.quarantine(item.topic),
      partition: 0,
      key: eventId === undefined ? NO_KEY : new TextEncoder().encode(eventId),
      value: item.bytes,
      headers: { reason, field, rule, source, received_at: String(receivedAt) },
    };
  }

  #counted(counts: readonly PendingCount[], receivedAt: number): OutRecord {
    const value = new TextEncoder().encode(JSON.stringify({ received_at: receivedAt, counts }));
    return { topic: this.#options.names.ledger, partition: 0, key: NO_KEY, value };
  }
}

const NO_KEY = new Uint8Array();

/** The text that decided the partition: the first of the key's fields with a value, or the id. */
function keyOf(
  { topic, avro }: { readonly topic: Topic; readonly avro: RowAvro },
  rows: Uint8Array,
  start: number,
): Uint8Array {
  for (const path of [...topic.key, topic.id]) {
    const text = avro.textOf(path, rows, start);
    if (text !== undefined) return text;
  }
  return NO_KEY;
}

/** Records of one sending, and who wants to know their offsets. */
class Sending {
  readonly records: OutRecord[] = [];
  readonly #wanted = new Map<string, ((offset: number) => void)[]>();

  add(record: OutRecord, placed: (offset: number) => void = () => undefined): void {
    this.records.push(record);
    const place = placeId(record);
    const wanted = this.#wanted.get(place);
    if (wanted === undefined) this.#wanted.set(place, [placed]);
    else wanted.push(placed);
  }

  /** Takes the first offset of each partition. */
  place(firsts: readonly Place[]): void {
    for (const first of firsts) {
      const wanted = this.#wanted.get(placeId(first)) ?? [];
      wanted.forEach((placed, index) => placed(first.offset + index));
    }
  }
}

const placeId = ({ topic, partition }: { readonly topic: string; readonly partition: number }) =>
  `${partition} ${topic}`;
