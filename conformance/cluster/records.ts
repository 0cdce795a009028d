import { ByteWriter } from "../../src/core/byte-writer.ts";
import { decodeMetricRow, metricAvro } from "../../src/language/compile/avro/metric-avro.ts";
import { RowAvro } from "../../src/language/compile/avro/row-avro.ts";
import { topicAvro, type AvroSchema } from "../../src/language/compile/avro/topic-avro.ts";
import type { MetricRow } from "../../src/language/plan/metric-row.ts";
import type { MetricNode } from "../../src/language/plan/nodes.ts";
import type { Topic } from "../../src/language/plan/topic.ts";
import type { Value } from "../../src/language/plan/value.ts";
import { ROW_FLAGS, type Column } from "../../src/language/schema/layout.ts";
import { FRAME_BYTES, writeFrame } from "../../src/storage/log/kafka/framed-record.ts";
import { KafkaClient, type OutRecord } from "../../src/storage/log/kafka/kafka-client.ts";
import type { Case, LogRecord } from "../case.ts";
import { rowOf } from "../log-of-case.ts";

export interface ClusterPlace {
  readonly bootstrap: readonly string[];
  /** The root of the registry's Confluent API. */
  readonly registryUrl: string;
}

const NAMESPACE = "millrace";

/** A Kafka client and a registry for the cases of a run. */
export class CaseCluster {
  readonly client: KafkaClient;
  readonly #registryUrl: string;

  constructor({ bootstrap, registryUrl }: ClusterPlace, clientId: string) {
    this.client = new KafkaClient({ bootstrap }, clientId);
    this.#registryUrl = registryUrl;
  }

  /**
   * Makes `<prefix>.<topic>` for every topic of a case, and `<prefix>.<metric>.rows` for every
   * metric, with the case's partitions, and registers all schemas.
   */
  async prepare(of: Case, prefix: string, more: { readonly raw?: boolean } = {}): Promise<void> {
    const { partitions } = of;
    const topics = of.topics.map(({ name }) => `${prefix}.${name}`);
    const rows = of.plan.metrics.map(({ name }) => `${prefix}.${name}.rows`);
    const raw = more.raw === true ? topics.map((name) => `${name}.raw`) : [];
    await this.client.ensureTopics(
      [...topics, ...raw, ...rows].map((name) => ({
        name,
        partitions,
        settings: { "retention.ms": "-1" },
      })),
    );
    for (const topic of [...of.topicsBefore, ...of.topics]) {
      for (const suffix of more.raw === true ? ["", ".raw"] : [""]) {
        await this.#register(`${prefix}.${topic.name}${suffix}-value`, topicAvro(topic, NAMESPACE));
      }
    }
    for (const metric of of.plan.metrics) {
      await this.#register(`${prefix}.${metric.name}.rows-value`, metricAvro(metric, NAMESPACE));
    }
  }

  /** Writes the records of a case, heartbeats too, each to its partition, in their order. */
  async produce(
    of: Case,
    prefix: string,
    records: readonly LogRecord[],
    more: { readonly raw?: boolean } = {},
  ): Promise<void> {
    const suffix = more.raw === true ? ".raw" : "";
    const encoders = new Map<string, { readonly id: number; readonly avro: RowAvro }>();
    const encoderOf = async (
      topic: Topic,
    ): Promise<{ readonly id: number; readonly avro: RowAvro }> => {
      const place = `${topic.name} ${topic.layout.id}`;
      const known = encoders.get(place) ?? {
        id: await this.#register(
          `${prefix}.${topic.name}${suffix}-value`,
          topicAvro(topic, NAMESPACE),
        ),
        avro: new RowAvro(topic.layout),
      };
      encoders.set(place, known);
      return known;
    };
    const out: OutRecord[] = [];
    for (const record of records) {
      const topic = topicOf(of, record);
      const { id, avro } = await encoderOf(topic);
      const writer = new ByteWriter();
      writeFrame(id, writer);
      avro.toAvro(record.row?.bytes ?? heartbeatRow(topic, record), 0, writer);
      out.push({
        topic: `${prefix}.${topic.name}${suffix}`,
        partition: record.partition,
        key: new TextEncoder().encode(
          record.row === undefined ? "" : keyOf(topic, record.row.values),
        ),
        value: writer.take(),
      });
    }
    await this.client.send(out);
  }

  /** The newest row of each key and window start that is there now, deletions too. */
  async rows(metric: MetricNode, prefix: string): Promise<readonly MetricRow[]> {
    const topic = `${prefix}.${metric.name}.rows`;
    const newest = new Map<string, MetricRow>();
    const ends = await this.client.ends([topic]);
    const open = new Map(
      ends.filter(({ start, end }) => end > start).map((each) => [each.partition, each.end]),
    );
    const reader = this.client.reader(
      ends
        .filter(({ partition }) => open.has(partition))
        .map((each) => ({ ...each, offset: each.start })),
    );
    try {
      while (open.size > 0) {
        for (const { partition, records, endOffset } of await reader.read(500)) {
          if (endOffset >= (open.get(partition) ?? 0)) open.delete(partition);
          for (const { value } of records) {
            if (value === null) continue;
            const row = decodeMetricRow(metric, value, FRAME_BYTES);
            const place = `${row.windowStart} ${row.key}`;
            const known = newest.get(place);
            if (known === undefined || isNewer(row, known)) newest.set(place, row);
          }
        }
      }
    } finally {
      await reader.close();
    }
    return [...newest.values()];
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  async #register(subject: string, schema: AvroSchema): Promise<number> {
    const answer = await fetch(
      `${this.#registryUrl}/subjects/${encodeURIComponent(subject)}/versions`,
      {
        method: "POST",
        headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
        body: JSON.stringify({ schemaType: "AVRO", schema: JSON.stringify(schema) }),
      },
    );
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${subject}: ${answer.status} ${text}`);
    return (JSON.parse(text) as { readonly id: number }).id;
  }
}

const isNewer = (row: MetricRow, known: MetricRow): boolean =>
  row.generation > known.generation ||
  (row.generation === known.generation && row.version >= known.version);

/** The topic whose layout a record's row has; of a heartbeat the newest. */
function topicOf(of: Case, { topic, row }: LogRecord): Topic {
  const found = [...of.topics, ...of.topicsBefore].find(
    (each) => each.name === topic && (row === undefined || each.layout.id === row.layout.id),
  );
  if (found === undefined) throw new Error(`no topic ${topic}`);
  return found;
}

/** The first of the key's fields that has a value, or the event's id. */
function keyOf(topic: Topic, values: ReadonlyMap<string, Value>): string {
  const paths = [...topic.key, topic.id];
  return String(
    paths.map((path) => values.get(path) ?? null).find((value) => value !== null) ?? "",
  );
}

/** A record that only says how far time has come. */
function heartbeatRow(topic: Topic, { receivedAt }: LogRecord): Uint8Array {
  const valueOf = ({ name, nullable, valueType }: Column): Value => {
    if (name === "_flags") return BigInt(ROW_FLAGS.heartbeat);
    if (name === "received_at" || name === topic.time) return receivedAt;
    if (nullable) return null;
    switch (valueType.kind) {
      case "integer":
      case "decimal":
        return 0n;
      case "float":
      case "timestamp":
        return 0;
      case "boolean":
        return false;
      default:
        return "";
    }
  };
  const values = new Map(topic.layout.columns.map((column) => [column.name, valueOf(column)]));
  return rowOf(topic.layout, values).bytes;
}
