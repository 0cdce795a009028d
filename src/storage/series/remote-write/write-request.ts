import { ByteWriter } from "../../../core/byte-writer.ts";
import type { Sample } from "../series.ts";

/** Bytes of a request's first buffer; it grows. */
const FIRST_BYTES = 16 * 1024;

/**
 * Samples as a `WriteRequest` of Prometheus' remote write 1.0, in protocol buffers: each series
 * once, its labels by name and its samples by time, as the protocol asks for.
 *
 * ```
 * WriteRequest { repeated TimeSeries timeseries = 1; }
 * TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; }
 * Label        { string name = 1; string value = 2; }
 * Sample       { double value = 1; int64 timestamp = 2; }
 * ```
 */
export function writeRequest(samples: readonly Sample[]): Uint8Array {
  const series = Map.groupBy(samples, (sample) => JSON.stringify(labelsOf(sample)));
  const out = new ByteWriter(FIRST_BYTES);
  for (const group of series.values()) {
    putMessage(out, 1, (inSeries) => {
      for (const [name, value] of labelsOf(group[0]!)) {
        putMessage(inSeries, 1, (label) => {
          putText(label, 1, name);
          putText(label, 2, value);
        });
      }
      for (const { time, value } of group.toSorted((left, right) => left.time - right.time)) {
        putMessage(inSeries, 2, (sample) => {
          sample.byte(tag(1, FIXED64));
          sample.int64(bitsOf(value));
          sample.byte(tag(2, VARINT));
          sample.varint64(BigInt(time));
        });
      }
    });
  }
  return out.take();
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;

const tag = (field: number, type: number): number => (field << 3) | type;

/** By code units: UTF-8's order of names, which are ASCII. */
const labelsOf = ({ name, labels }: Sample): readonly (readonly [string, string])[] =>
  [["__name__", name] as const, ...Object.entries(labels)].toSorted(([left], [right]) =>
    left < right ? -1 : 1,
  );

function putMessage(out: ByteWriter, field: number, put: (inner: ByteWriter) => void): void {
  const inner = new ByteWriter(128);
  put(inner);
  putBytes(out, field, inner.take());
}

const putText = (out: ByteWriter, field: number, text: string): void =>
  putBytes(out, field, new TextEncoder().encode(text));

function putBytes(out: ByteWriter, field: number, bytes: Uint8Array): void {
  out.byte(tag(field, LENGTH));
  out.varint(bytes.length);
  out.copy(bytes, 0, bytes.length);
}

const double = new DataView(new ArrayBuffer(8));

function bitsOf(value: number): bigint {
  double.setFloat64(0, value);
  return double.getBigInt64(0);
}
