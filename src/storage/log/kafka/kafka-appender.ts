import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../../core/clock.ts";
import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import {
  copyOf,
  requestBytes,
  requestDefect,
  type AppendedSet,
  type AppendRequest,
  type AppendResult,
  type RowSet,
} from "../append-request.ts";
import type { PendingCount, PendingQuarantine } from "../log.ts";
import { patchRows } from "../row-header.ts";
import type { KafkaClient, OutRecord, Place } from "./kafka-client.ts";
import { RawRecords, type RawTopic } from "./raw-records.ts";
import { NO_KEY } from "../row-key.ts";
import type { TopicNames } from "./topic-names.ts";

export interface KafkaAppenderOptions {
  readonly client: KafkaClient;
  readonly clock: Clock;
  readonly names: TopicNames;
  readonly topics: readonly RawTopic[];
  /**
   * Whether nothing may be stamped now, since events that were received before are still on their
   * way to the same topics. What comes meanwhile waits, as when a broker is away.
   */
  readonly isHeld?: () => boolean;
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
  readonly #records: RawRecords;
  #queue: Waiting[] = [];
  #queueBytes = 0;
  #isSending = false;

  constructor(options: KafkaAppenderOptions) {
    this.#options = options;
    this.#records = new RawRecords(options.names, options.topics);
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
      this.#queue.push({ request: copyOf(request), bytes, resolve, reject });
      this.#queueBytes += bytes;
      void this.#sendAll();
    });
  }

  /**
   * Sends a heartbeat to every partition of every topic; gives its received time, ms. None where
   * nothing may be stamped.
   */
  async heartbeat(): Promise<number | undefined> {
    const { clock, client, isHeld = () => false } = this.#options;
    if (isHeld()) return undefined;
    const receivedAt = clock.nowMs();
    await client.send(this.#records.heartbeats(receivedAt));
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
    const { clock, isHeld = () => false } = this.#options;
    const endMs = clock.monotonicMs() + TRY_MS_MAX;
    for (;;) {
      while (isHeld()) {
        if (clock.monotonicMs() >= endMs) throw heldTooLong();
        await sleep(PAUSE_MS);
      }
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
    const isKnown = this.#records.has(set.topic);
    if (!isKnown && set.parent !== undefined) return fate;
    if (!isKnown) {
      throw new MillraceError("TOPIC_UNKNOWN", `the collector has no topic ${set.topic}`);
    }
    patchRows(set.rows, set.rowStarts, 0, 0, receivedAt);
    for (let row = 0; row < count; row++) {
      const record = this.#records.of(
        set.topic,
        set.rows,
        set.rowStarts[row]!,
        set.partitionHash[row],
      );
      fate.partitions[row] = record.partition;
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

const heldTooLong = (): MillraceError =>
  new MillraceError("NOT_READY", "events that were received elsewhere are still on their way", {
    hint: "send it again in a second; see that `millrace mirror` runs",
  });

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
