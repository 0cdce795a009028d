import { MillraceError } from "../../../core/errors.ts";
import { dimensionTypes, parseMetricKey } from "../../plan/metric-row.ts";
import type { AlertRow } from "../../plan/alert-row.ts";
import type { MetricNode } from "../../plan/nodes.ts";
import type { ValueType } from "../../schema/field-type.ts";
import { readAvroValue, type AvroCursor } from "./avro-value.ts";
import { avroLeaf, avroName, type AvroSchema } from "./topic-avro.ts";

/** The fields of an alert on Kafka, in their order; its dimensions are in `key`. */
const FIELDS: readonly (readonly [name: string, kind: Exclude<ValueType["kind"], "decimal">])[] = [
  ["id", "string"],
  ["anomaly", "string"],
  ["metric", "string"],
  ["measure", "string"],
  ["key", "string"],
  ["window_start", "timestamp"],
  ["window_end", "timestamp"],
  ["value", "float"],
  ["median", "float"],
  ["spread", "float"],
  ["score", "float"],
  ["version", "integer"],
];

/** The same with their types. */
export const ALERT_FIELDS = FIELDS.map(([name, kind]) => ({
  name,
  type: { kind } satisfies ValueType,
  nullable: false,
}));

/** The Avro schema of an anomaly's alerts. */
export const alertAvro = (anomaly: string, namespace: string): AvroSchema => ({
  type: "record",
  name: `${avroName(anomaly)}_alerts`,
  namespace,
  fields: FIELDS.map(([name, kind]) => ({ name, type: avroLeaf({ kind }, false) })),
});

/** The alert of a record from `start` on. Throws `STORAGE_CORRUPT` when it ends too early. */
export function decodeAlert(metric: MetricNode, record: Uint8Array, start: number): AlertRow {
  const cursor: AvroCursor = { bytes: record, at: start };
  const values = FIELDS.map(([, kind]) => readAvroValue({ kind }, false, cursor));
  if (!(cursor.at <= record.length)) {
    throw new MillraceError("STORAGE_CORRUPT", `an alert about ${metric.name} ends too early`);
  }
  const [id, anomaly, name, measure, key] = values as string[];
  const [windowStart, windowEnd, value, median, spread, score] = values.slice(5) as number[];
  return {
    id: id!,
    anomaly: anomaly!,
    metric: name!,
    measure: measure!,
    key: key!,
    dimensions: parseMetricKey(dimensionTypes(metric.by), key!),
    windowStart: windowStart!,
    windowEnd: windowEnd!,
    value: value!,
    median: median!,
    spread: spread!,
    score: score!,
    version: Number(values.at(-1)),
  };
}
