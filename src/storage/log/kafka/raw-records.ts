import { ByteWriter } from "../../../core/byte-writer.ts";
import { LIMITS } from "../../../core/limits.ts";
import { murmur2, partitionOf } from "../../../core/murmur2.ts";
import { RowAvro } from "../../../language/compile/avro/row-avro.ts";
import type { Topic } from "../../../language/plan/topic.ts";
import { writeFrame } from "./framed-record.ts";
import { heartbeatRow } from "./heartbeat-row.ts";
import type { OutRecord } from "./kafka-client.ts";
import { keyTextOf, NO_KEY } from "../row-key.ts";
import type { TopicNames } from "./topic-names.ts";

/** A topic that has a raw topic. */
export interface RawTopic {
  readonly topic: Topic;
  /** Id of its schema in the registry. */
  readonly schemaId: number;
  readonly partitions: number;
}

interface Writing extends RawTopic {
  readonly avro: RowAvro;
}

/** Makes records of raw topics of rows in their topics' layouts. */
export class RawRecords {
  readonly #names: TopicNames;
  readonly #topics: ReadonlyMap<string, Writing>;
  readonly #writer = new ByteWriter(LIMITS.idleBufferBytesMax);

  constructor(names: TopicNames, topics: readonly RawTopic[]) {
    this.#names = names;
    this.#topics = new Map(
      topics.map((each) => [each.topic.name, { ...each, avro: new RowAvro(each.topic.layout) }]),
    );
  }

  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  /** The record of the row at `start`; `hash` is `murmur2` of its key, where that is known. */
  of(topic: string, rows: Uint8Array, start: number, hash?: number): OutRecord {
    const into = this.#topics.get(topic)!;
    const key = keyTextOf(into.topic, into.avro, rows, start);
    writeFrame(into.schemaId, this.#writer);
    into.avro.toAvro(rows, start, this.#writer);
    return {
      topic: this.#names.raw(topic),
      partition: partitionOf(hash ?? murmur2(key), into.partitions),
      key,
      value: this.#writer.take(),
    };
  }

  /** A heartbeat for every partition of a topic, or of all. */
  heartbeats(receivedAt: number, only?: string): readonly OutRecord[] {
    const topics = [...this.#topics.values()].filter(
      ({ topic }) => only === undefined || topic.name === only,
    );
    return topics.flatMap(({ topic, schemaId, partitions, avro }) => {
      this.#writer.take();
      writeFrame(schemaId, this.#writer);
      avro.toAvro(heartbeatRow(topic, receivedAt), 0, this.#writer);
      const value = this.#writer.take();
      return Array.from({ length: partitions }, (_, partition): OutRecord => ({
        topic: this.#names.raw(topic.name),
        partition,
        key: NO_KEY,
        value,
      }));
    });
  }
}
