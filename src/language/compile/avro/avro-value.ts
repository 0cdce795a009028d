import type { ByteWriter } from "../../../core/byte-writer.ts";
import type { Value } from "../../plan/value.ts";
import type { LeafType, ValueType } from "../../schema/field-type.ts";

/** A place in bytes that are being read. */
export interface AvroCursor {
  readonly bytes: Uint8Array;
  at: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes one value as Avro has it; of a nullable type, the branch of its union first. */
export function writeAvroValue(
  { kind }: LeafType | ValueType,
  nullable: boolean,
  value: Value,
  out: ByteWriter,
): void {
  if (nullable) {
    out.byte(value === null ? 0 : 2);
    if (value === null) return;
  }
  switch (kind) {
    case "integer":
    case "timestamp": {
      const whole = BigInt(value as bigint | number);
      out.varint64((whole << 1n) ^ (whole >> 63n));
      return;
    }
    case "boolean":
      out.byte(value === true ? 1 : 0);
      return;
    case "float": {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setFloat64(0, value as number, true);
      out.copy(bytes, 0, 8);
      return;
    }
    case "decimal":
      writeBytes(bytesOf(value as bigint), out);
      return;
    default:
      writeBytes(encoder.encode(value as string), out);
  }
}

function writeBytes(bytes: Uint8Array, out: ByteWriter): void {
  out.varint(bytes.length * 2);
  out.copy(bytes, 0, bytes.length);
}

/** Big-endian two's complement, as short as it can be. */
function bytesOf(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = Number(rest & 255n);
    bytes.push(byte);
    rest >>= 8n;
    if (rest === (byte >= 128 ? -1n : 0n)) return Uint8Array.from(bytes.toReversed());
  }
}

/** Reads one value; beyond the end of the bytes the cursor's place is no longer in them. */
export function readAvroValue(
  { kind }: LeafType | ValueType,
  nullable: boolean,
  cursor: AvroCursor,
): Value {
  const { bytes } = cursor;
  if (nullable && bytes[cursor.at++] === 0) return null;
  switch (kind) {
    case "integer":
      return readLong(cursor);
    case "timestamp":
      return Number(readLong(cursor));
    case "boolean":
      return bytes[cursor.at++] === 1;
    case "float": {
      const view = new DataView(new ArrayBuffer(8));
      for (let index = 0; index < 8; index++) view.setUint8(index, bytes[cursor.at + index] ?? 0);
      cursor.at += 8;
      return view.getFloat64(0, true);
    }
    case "decimal":
      return decimalOf(readBytes(cursor));
    default:
      return decoder.decode(readBytes(cursor));
  }
}

function readBytes(cursor: AvroCursor): Uint8Array {
  const length = Number(readLong(cursor));
  const start = cursor.at;
  cursor.at += length;
  return cursor.bytes.subarray(start, cursor.at);
}

function decimalOf(bytes: Uint8Array): bigint {
  let value = (bytes[0] ?? 0) >= 128 ? -1n : 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function readLong(cursor: AvroCursor): bigint {
  let value = 0n;
  let shift = 0n;
  for (;;) {
    const byte = cursor.bytes[cursor.at++] ?? 0;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) break;
    shift += 7n;
  }
  return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
}
