import { ByteWriter } from "../../src/core/byte-writer.ts";
import { alertAvro, decodeAlert } from "../../src/language/compile/avro/alert-avro.ts";
import { decodeMetricRow, metricAvro } from "../../src/language/compile/avro/metric-avro.ts";
import { RowAvro } from "../../src/language/compile/avro/row-avro.ts";
import { topicAvro, type AvroSchema } from "../../src/language/compile/avro/topic-avro.ts";
import type { AlertRow } from "../../src/language/plan/alert-row.ts";
import type { MetricRow } from "../../src/language/plan/metric-row.ts";
import type { AnomalyNode, MetricNode } from "../../src/language/plan/nodes.ts";
import type { Topic } from "../../src/language/plan/topic.ts";
import type { Value } from "../../src/language/plan/value.ts";
import { FRAME_BYTES, writeFrame } from "../../src/storage/log/kafka/framed-record.ts";
import { heartbeatRow } from "../../src/storage/log/kafka/heartbeat-row.ts";
import {
  KafkaClient,
  type InRecord,
  type OutRecord,
} from "../../src/storage/log/kafka/kafka-client.ts";
import type { Case, LogRecord } from "../case.ts";

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
   * metric, with the case's partitions, and `<prefix>.<anomaly>.alerts`; registers all schemas.
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
    const alerts = of.plan.anomalies.map(({ name }) => `${prefix}.${name}.alerts`);
    await this.client.ensureTopics(alerts.map((name) => ({ name, partitions: 1 })));
    for (const topic of [...of.topicsBefore, ...of.topics]) {
      for (const suffix of more.raw === true ? ["", ".raw"] : [""]) {
        await this.#register(`${prefix}.${topic.name}${suffix}-value`, topicAvro(topic, NAMESPACE));
      }
    }
    for (const metric of of.plan.metrics) {
      await this.#register(`${prefix}.${metric.name}.rows-value`, metricAvro(metric, NAMESPACE));
    }
    for (const { name } of of.plan.anomalies) {
      await this.#register(`${prefix}.${name}.alerts-value`, alertAvro(name, NAMESPACE));
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
      avro.toAvro(record.row?.bytes ?? heartbeatRow(topic, record.receivedAt), 0, writer);
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
    for (const { value } of await this.records(topic)) {
      if (value === null) continue;
      const row = decodeMetricRow(metric, value, FRAME_BYTES);
      const place = `${row.windowStart} ${row.key}`;
      const known = newest.get(place);
      if (known === undefined || isNewer(row, known)) newest.set(place, row);
    }
    return [...newest.values()];
  }

  /** The alerts of an anomaly that are there now. */
  async alerts(
    anomaly: AnomalyNode,
    metric: MetricNode,
    prefix: string,
  ): Promise<readonly AlertRow[]> {
    const records = await this.records(`${prefix}.${anomaly.name}.alerts`);
    return records.flatMap(({ value }) =>
      value === null ? [] : [decodeAlert(metric, value, FRAME_BYTES)],
    );
  }

  /** The committed records that a topic has now. */
  async records(topic: string): Promise<readonly InRecord[]> {
    const found: InRecord[] = [];
    const ends = await this.client.ends([topic]);
    let open = ends.map(({ partition, start, end }) => ({ topic, partition, offset: start, end }));
    const reader = this.client.reader();
    try {
      for (;;) {
        open = open.filter(({ offset, end }) => offset < end);
        if (open.length === 0) return found;
        for (const { partition, records, endOffset } of await reader.read(open, 500)) {
          found.push(...records);
          open = open.map((each) =>
            each.partition === partition ? { ...each, offset: endOffset } : each,
          );
        }
      }
    } finally {
      await reader.close();
    }
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
