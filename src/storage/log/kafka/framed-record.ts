import { MillraceError } from "../../../core/errors.ts";
import type { ByteWriter } from "../../../core/byte-writer.ts";

/** Bytes before a record: a zero, then the id of its schema, big-endian (Confluent's framing). */
export const FRAME_BYTES = 5;

/** Begins a record of the schema with this id. */
export function writeFrame(schemaId: number, out: ByteWriter): void {
  out.byte(0);
  out.byte(schemaId >>> 24);
  out.byte((schemaId >>> 16) & 255);
  out.byte((schemaId >>> 8) & 255);
  out.byte(schemaId & 255);
}

/** Whether a record begins with its schema's id. */
export const isFramed = (value: Uint8Array): boolean =>
  value.length >= FRAME_BYTES && value[0] === 0;

/** The id of a record's schema; the record begins at `FRAME_BYTES`. Throws `STORAGE_CORRUPT`. */
export function schemaIdOf(value: Uint8Array): number {
  if (!isFramed(value)) {
    throw new MillraceError("STORAGE_CORRUPT", "a record doesn't begin with its schema's id", {
      hint: "something that doesn't use the schema registry has written to this topic",
    });
  }
  return new DataView(value.buffer, value.byteOffset).getInt32(1);
}
