import { ByteWriter } from "../../../core/byte-writer.ts";
import { MillraceError } from "../../../core/errors.ts";
import { typeOf } from "../../plan/expression.ts";
import { metricComponents, type MetricRow } from "../../plan/metric-row.ts";
import type { MetricNode } from "../../plan/nodes.ts";
import type { Value } from "../../plan/value.ts";
import type { ValueType } from "../../schema/field-type.ts";
import { readAvroValue, writeAvroValue, type AvroCursor } from "./avro-value.ts";
import { avroLeaf, avroName, type AvroSchema } from "./topic-avro.ts";

interface MetricField {
  readonly name: string;
  readonly type: ValueType;
  readonly nullable: boolean;
}

const field = (
  name: string,
  kind: "string" | "timestamp" | "integer" | "boolean",
): MetricField => ({
  name,
  type: { kind },
  nullable: false,
});

const BEFORE = [
  field("op", "string"),
  field("key", "string"),
  field("window_start", "timestamp"),
  field("window_end", "timestamp"),
];
const AFTER = [
  field("incomplete", "boolean"),
  field("closed", "boolean"),
  field("late_pending", "integer"),
  field("generation", "integer"),
  field("version", "integer"),
];

/** The fields of a metric's rows on Kafka, in their order (`docs/specs/cluster-topics.md`). */
export const metricFields = (metric: MetricNode): readonly MetricField[] => [
  ...BEFORE,
  ...metric.by.map(({ name, value }) => ({ name, ...typeOf(value) })),
  ...metricComponents(metric).map(({ name, type, nullable }) => ({ name, type, nullable })),
  ...AFTER,
];

/** The Avro schema of a metric's rows. */
export const metricAvro = (metric: MetricNode, namespace: string): AvroSchema => ({
  type: "record",
  name: `${avroName(metric.name)}_rows`,
  namespace,
  fields: metricFields(metric).map(({ name, type, nullable }) => ({
    name: avroName(name),
    type: avroLeaf(type, nullable),
    ...(nullable && { default: null }),
  })),
});

/** A row as the record of `metricAvro`. */
export function encodeMetricRow(metric: MetricNode, row: MetricRow): Uint8Array {
  const out = new ByteWriter(256);
  const values: readonly Value[] = [
    row.op,
    row.key,
    row.windowStart,
    row.windowEnd,
    ...row.dimensions,
    ...row.components,
    row.incomplete,
    row.closed,
    BigInt(row.latePending),
    BigInt(row.generation),
    BigInt(row.version),
  ];
  for (const [index, { type, nullable }] of metricFields(metric).entries()) {
    writeAvroValue(type, nullable, values[index]!, out);
  }
  return out.take();
}

/** The row of a record from `start` on. Throws `STORAGE_CORRUPT` when it ends too early. */
export function decodeMetricRow(metric: MetricNode, record: Uint8Array, start: number): MetricRow {
  const cursor: AvroCursor = { bytes: record, at: start };
  const values = metricFields(metric).map(({ type, nullable }) =>
    readAvroValue(type, nullable, cursor),
  );
  if (!(cursor.at <= record.length)) {
    throw new MillraceError("STORAGE_CORRUPT", `a row of ${metric.name} ends too early`);
  }
  const dimensions = metric.by.length;
  const components = metricComponents(metric).length;
  const [op, key, windowStart, windowEnd] = values;
  const [incomplete, closed, latePending, generation, version] = values.slice(-AFTER.length);
  return {
    op: op === "delete" ? "delete" : "upsert",
    key: key as string,
    windowStart: windowStart as number,
    windowEnd: windowEnd as number,
    dimensions: values.slice(BEFORE.length, BEFORE.length + dimensions),
    components: values.slice(BEFORE.length + dimensions, BEFORE.length + dimensions + components),
    incomplete: incomplete as boolean,
    closed: closed as boolean,
    latePending: Number(latePending),
    generation: Number(generation),
    version: Number(version),
  };
}
