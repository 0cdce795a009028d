/** Rows and metric rows as Avro, against an implementation of Avro that isn't ours. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import avsc from "avsc";
import fc from "fast-check";
import shop from "../../../../examples/shop/pipeline.ts";
import { ByteWriter } from "../../../core/byte-writer.ts";
import { metricComponents, type MetricRow } from "../../plan/metric-row.ts";
import { topicsOf } from "../../plan/topic.ts";
import type { Value } from "../../plan/value.ts";
import type { ValueType } from "../../schema/field-type.ts";
import type { Column, Layout } from "../../schema/layout.ts";
import { encodeRow } from "../javascript/encode-row.ts";
import { layoutOfAvro } from "./layout-of-avro.ts";
import { decodeMetricRow, encodeMetricRow, metricAvro, metricFields } from "./metric-avro.ts";
import { RowAvro } from "./row-avro.ts";
import { topicAvro } from "./topic-avro.ts";

const seed = Number(process.env["SEED"] ?? 1);
const numRuns = Number(process.env["RUNS"] ?? 200);

const INT64_MAX = 2n ** 63n - 1n;

function anyValue(type: ValueType): fc.Arbitrary<Value> {
  switch (type.kind) {
    case "integer":
      return fc.oneof(fc.bigInt({ min: -INT64_MAX - 1n, max: INT64_MAX }), fc.bigInt(-300n, 300n));
    case "decimal": {
      const max = 10n ** BigInt(type.precision) - 1n;
      return fc.oneof(fc.bigInt({ min: -max, max }), fc.bigInt(-70_000n, 70_000n));
    }
    case "timestamp":
      return fc.integer({ min: 31_536_000_000, max: 4_102_444_800_000 });
    case "float":
      return fc.double({ noNaN: true });
    case "boolean":
      return fc.boolean();
    default:
      return fc.string({ unit: "grapheme", maxLength: 90 });
  }
}

const anyColumn = ({ codec, nullable, valueType }: Column): fc.Arbitrary<Value> => {
  const value =
    codec === "uint8"
      ? fc.bigInt(0n, 255n)
      : codec === "uint16"
        ? fc.bigInt(0n, 65_535n)
        : codec === "uint64"
          ? fc.bigInt(0n, 2n ** 53n)
          : anyValue(valueType);
  return nullable ? fc.option(value, { nil: null }) : value;
};

/** What avsc makes of a value: long integers and amounts as `bigint`. */
const long = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
});
const typeOfSchema = (schema: unknown): avsc.Type =>
  avsc.Type.forSchema(schema as avsc.Schema, {
    typeHook: (each) => {
      const type: unknown = typeof each === "object" ? (each as { type?: unknown }).type : each;
      return type === "long" ? long : undefined;
    },
  });

/** A value as avsc reads it. */
function plain(type: ValueType, value: Value): unknown {
  if (value === null) return null;
  if (type.kind === "timestamp") return BigInt(value);
  if (type.kind !== "decimal") return value;
  let hex = BigInt.asUintN(136, value as bigint)
    .toString(16)
    .padStart(34, "0");
  while (hex.length > 2 && /^(00[0-7]|ff[89a-f])/.test(hex)) hex = hex.slice(2);
  return Buffer.from(hex, "hex");
}

/** The members of a record by their dotted paths, without the unions' wrapping. */
function flat(value: unknown, path = ""): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value))
    return { [path]: value };
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, each]) =>
      flat(each, path === "" ? name : `${path}.${name}`),
    ),
  ) as Record<string, unknown>;
}

describe("rows as Avro", () => {
  for (const topic of topicsOf(shop.plan)) {
    const { columns } = topic.layout;
    const avro = new RowAvro(topic.layout);
    const type = typeOfSchema(topicAvro(topic, "millrace"));
    const place = { offset: 4_294_967_301, partition: 513 };
    const row = fc.tuple(...columns.map(anyColumn)).map((values) =>
      values.map((value, index) => {
        if (columns[index]!.name === "_offset") return BigInt(place.offset);
        return columns[index]!.name === "_partition" ? BigInt(place.partition) : value;
      }),
    );

    it(`${topic.name}: read by another implementation, and back again`, () => {
      fc.assert(
        fc.property(row, (values) => {
          const bytes = encodeRow(topic.layout, values);
          const out = new ByteWriter(8);
          assert.equal(avro.toAvro(bytes, 0, out), bytes.length);
          const record = out.take();
          const read = flat(type.fromBuffer(Buffer.from(record)));
          for (const [index, { name, valueType }] of columns.entries()) {
            if (name === "_offset" || name === "_partition") continue;
            assert.deepEqual(read[name], plain(valueType, values[index]!), name);
          }
          assert.equal(avro.toRow(record, 0, place, out), record.length);
          assert.deepEqual(out.take(), bytes);
        }),
        { seed, numRuns },
      );
    });

    it(`${topic.name}: its schema tells how its rows lie`, () => {
      const shape = (layout: Layout) =>
        layout.columns.map(({ name, codec, nullable, valueType }) => [
          name,
          codec,
          nullable,
          valueType,
        ]);
      const schema = JSON.stringify(topicAvro(topic, "millrace"));
      assert.deepEqual(shape(layoutOfAvro(schema)), shape(topic.layout));
    });

    it(`${topic.name}: a record that was cut is an error`, () => {
      fc.assert(
        fc.property(row, fc.double({ min: 0, max: 0.999, noNaN: true }), (values, share) => {
          const out = new ByteWriter();
          avro.toAvro(encodeRow(topic.layout, values), 0, out);
          const record = out.take();
          const cut = record.subarray(0, Math.floor(record.length * share));
          assert.throws(() => avro.toRow(cut, 0, place, out), { code: "STORAGE_CORRUPT" });
        }),
        { seed, numRuns },
      );
    });
  }
});

describe("rows of metrics as Avro", () => {
  for (const metric of shop.plan.metrics) {
    it(`${metric.name}: read by another implementation, and back again`, () => {
      const type = typeOfSchema(metricAvro(metric, "millrace"));
      const fields = metricFields(metric);
      const values = fc.tuple(
        ...fields.map(({ type: each, nullable }) =>
          nullable ? fc.option(anyValue(each), { nil: null }) : anyValue(each),
        ),
      );
      fc.assert(
        fc.property(values, fc.boolean(), fc.nat(), (given, isDeleted, count) => {
          const row: MetricRow = {
            op: isDeleted ? "delete" : "upsert",
            key: given[1] as string,
            windowStart: given[2] as number,
            windowEnd: given[3] as number,
            dimensions: given.slice(4, 4 + metric.by.length),
            components: given.slice(
              4 + metric.by.length,
              4 + metric.by.length + metricComponents(metric).length,
            ),
            incomplete: isDeleted,
            closed: !isDeleted,
            latePending: count,
            generation: 3,
            version: count * 3,
          };
          const record = encodeMetricRow(metric, row);
          assert.deepEqual(decodeMetricRow(metric, record, 0), row);
          const read = type.fromBuffer(Buffer.from(record)) as Record<string, unknown>;
          assert.equal(read["key"], row.key);
          assert.equal(read["version"], BigInt(row.version));
          for (const [index, { name, type: each }] of metricComponents(metric).entries()) {
            assert.deepEqual(read[name], plain(each, row.components[index]!), name);
          }
        }),
        { seed, numRuns },
      );
    });
  }
});
