import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../../core/clock.ts";
import { MillraceError } from "../../../core/errors.ts";
import { SLACK_MS } from "../../../language/plan/window.ts";
import { movedRows } from "../../../process/mirror/moved-row.ts";
import { PastWriter } from "../../../process/mirror/past-writer.ts";
import { ReceivedOrder } from "../../../process/mirror/received-order.ts";
import { openEmbeddedLog } from "../../../storage/log/embedded/embedded-log.ts";
import { openEmbeddedLogReader } from "../../../storage/log/embedded/embedded-log-reader.ts";
import { KafkaBatchReader } from "../../../storage/log/kafka/kafka-batch-reader.ts";
import { topicNames } from "../../../storage/log/kafka/topic-names.ts";
import type { PartitionEnd } from "../../../storage/log/log.ts";
import type { DataFolder } from "../../embedded/data-folder.ts";
import { LayoutStore } from "../../embedded/layout-store.ts";
import type { ClusterParts } from "../cluster-parts.ts";

export interface MirrorToEmbeddedOptions {
  readonly parts: ClusterParts;
  /** Of a pipeline that doesn't run; it may be empty. */
  readonly folder: DataFolder;
  /** Of topics that the log doesn't have yet. */
  readonly partitions: number;
  readonly clock: Clock;
  /** Ends when no collector sends any more and nothing is left; otherwise only by `signal`. */
  readonly untilStopped: boolean;
  readonly signal: AbortSignal;
  readonly tell: (text: string) => void;
}

/** What a mirror has done in this run. */
export interface BackReport {
  readonly events: number;
  readonly isClosed: boolean;
}

const IDLE_MS = 200;
const LOOK_EVERY_MS = 1_000;
/** Collectors send heartbeats more often than this, as long as they run. */
const QUIET_MS = 10_000;

/**
 * Brings a cluster's clean events into the log of an embedded pipeline, in the order in which they
 * were received. `STORAGE_LOCKED` while a pipeline runs on the folder; `OFFSET_TRIMMED` where
 * retention has removed events from the clean topics.
 */
export async function mirrorToEmbedded(options: MirrorToEmbeddedOptions): Promise<BackReport> {
  const { parts, folder, clock } = options;
  const names = topicNames(parts.config.prefix);
  const topics = parts.topics.map(({ topic }) => topic);
  const log = openEmbeddedLog({ dir: folder.root, clock });
  const reader = new KafkaBatchReader({
    client: parts.client,
    rows: parts.rows,
    nameOf: names.clean,
  });
  try {
    for (const { name } of topics) log.ensureTopic(name, options.partitions);
    const own = openEmbeddedLogReader(folder.root);
    const throughMs = Math.max(0, ...topics.flatMap(({ name }) => own.progress(name)));
    own.close();
    const layouts = new LayoutStore(folder.layouts);
    const layoutIdOf = layouts.numberOf.bind(layouts);
    const writer = new PastWriter({ log, topics, layoutIdOf, throughMs });
    const back = new Back(options, reader, writer);
    return await back.run(throughMs > 0);
  } finally {
    await reader.close();
    log.close();
  }
}

class Back {
  readonly #options: MirrorToEmbeddedOptions;
  readonly #reader: KafkaBatchReader;
  readonly #writer: PastWriter;
  readonly #positions = new Map<string, number>();
  #order: ReceivedOrder | undefined;
  #events = 0;
  #lookedMs = 0;
  /** The ends of the raw topics, and since when they are that. */
  #raw = "";
  #sinceMs = 0;

  constructor(options: MirrorToEmbeddedOptions, reader: KafkaBatchReader, writer: PastWriter) {
    this.#options = options;
    this.#reader = reader;
    this.#writer = writer;
  }

  async run(isAgain: boolean): Promise<BackReport> {
    const { signal, untilStopped, tell } = this.#options;
    await this.#begin();
    tell(isAgain ? "going on where the log ends" : "beginning with what the cluster has");
    let wasThere = false;
    while (!signal.aborted) {
      const read = this.#read();
      this.#events += this.#writer.write(this.#order!.take());
      if (read > 0) continue;
      if (!wasThere && (await this.#isAtEnd())) {
        wasThere = true;
        tell(`caught up: ${this.#events.toLocaleString("en")} events brought`);
      }
      if (untilStopped && (await this.#isOver())) return this.#end();
      await sleep(IDLE_MS, undefined, { signal }).catch(() => undefined);
    }
    return { events: this.#events, isClosed: false };
  }

  async #begin(): Promise<void> {
    const { parts } = this.#options;
    const ends = await this.#ends();
    const gone = ends.find(({ start }) => start > 0);
    if (gone !== undefined) {
      throw new MillraceError(
        "OFFSET_TRIMMED",
        `${gone.topic}, partition ${gone.partition}: retention has removed events before offset ${gone.start}`,
        { hint: "take the files of those days from the lake, by `millrace import`" },
      );
    }
    const { clean } = topicNames(parts.config.prefix);
    const nameOf = new Map(parts.topics.map(({ topic: { name } }) => [clean(name), name]));
    const places = ends.map(({ topic, partition, start }) => ({
      topic: nameOf.get(topic)!,
      partition,
      offset: start,
    }));
    this.#order = new ReceivedOrder(places, SLACK_MS);
    for (const { topic, partition, offset } of places) {
      this.#positions.set(`${partition} ${topic}`, offset);
    }
    await this.#reader.assign(places);
  }

  /** Reads on where it is wanted; gives how many records that were. */
  #read(): number {
    const { parts } = this.#options;
    let read = 0;
    for (const { topic, partition } of this.#reader.ends()) {
      if (!this.#order!.wants(topic, partition)) continue;
      const place = `${partition} ${topic}`;
      for (const batch of this.#reader.read({
        topic,
        partition,
        from: this.#positions.get(place)!,
      })) {
        const { layout } = parts.layoutOf(batch.layoutId);
        const rows = batch.kind === "heartbeat" ? [] : movedRows(batch.rows, layout);
        this.#order!.add(topic, partition, rows, batch.lastReceivedAt);
        this.#positions.set(place, batch.endOffset);
        read++;
      }
    }
    return read;
  }

  #ends(): Promise<PartitionEnd[]> {
    const { client, config, topics } = this.#options.parts;
    const { clean } = topicNames(config.prefix);
    return client.ends(topics.map(({ topic }) => clean(topic.name)));
  }

  /** Whether everything was read that the clean topics have now; ends of transactions are no records. */
  async #isAtEnd(): Promise<boolean> {
    const { client, config } = this.#options.parts;
    const { clean } = topicNames(config.prefix);
    const read = new Map(
      this.#reader.ends().map(({ topic, partition }) => {
        const place = `${partition} ${topic}`;
        return [`${partition} ${clean(topic)}`, this.#positions.get(place)!];
      }),
    );
    const rest = (await this.#ends()).flatMap(({ topic, partition, end }) => {
      const offset = read.get(`${partition} ${topic}`) ?? 0;
      return offset < end ? [{ topic, partition, offset }] : [];
    });
    if (rest.length === 0) return true;
    const reader = client.reader();
    try {
      const fetched = await reader.read(rest, IDLE_MS);
      const isEmpty = fetched.every(({ records }) => records.length === 0);
      return isEmpty && fetched.length === rest.length;
    } finally {
      await reader.close();
    }
  }

  /** Whether nobody sends any more, and the gate has passed on all that was sent. */
  async #isOver(): Promise<boolean> {
    const { parts, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return false;
    this.#lookedMs = nowMs;
    const names = topicNames(parts.config.prefix);
    const raw = parts.topics.flatMap(({ topic, rawSchemaId }) =>
      rawSchemaId === undefined ? [] : [names.raw(topic.name)],
    );
    const ends = await parts.client.ends(raw);
    const text = JSON.stringify(ends.map(({ end }) => end));
    if (text !== this.#raw) {
      this.#raw = text;
      this.#sinceMs = nowMs;
    }
    if (nowMs - this.#sinceMs < QUIET_MS) return false;
    const passed = new Map(
      (await parts.client.committed(`${names.streams}.gate`)).map((each) => [
        `${each.partition} ${each.topic}`,
        each.offset,
      ]),
    );
    const isPassed = ends.every(
      ({ topic, partition, end }) => end === 0 || (passed.get(`${partition} ${topic}`) ?? 0) >= end,
    );
    return isPassed && (await this.#isAtEnd());
  }

  #end(): BackReport {
    this.#read();
    this.#events += this.#writer.write(this.#order!.drain());
    this.#options.tell(
      `no collector sends any more and nothing is left: ${this.#events.toLocaleString("en")} events brought`,
    );
    return { events: this.#events, isClosed: true };
  }
}
