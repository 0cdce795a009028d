import { crc32 } from "node:zlib";

/** Bytes of one identity hash in the log's `ids` column. */
const ID_BYTES = 12;

/** Checksum of an `ids` column, kept beside it. */
export const crcOfIds = (column: Uint8Array): number => crc32(column);

/** Index of a hash in an `ids` column; -1 when it isn't there. */
export function indexOfId(column: Uint8Array, hash: Uint32Array): number {
  const wanted = new Uint8Array(hash.buffer, hash.byteOffset, ID_BYTES);
  const bytes = Buffer.from(column.buffer, column.byteOffset, column.length);
  let at = bytes.indexOf(wanted);
  while (at !== -1 && at % ID_BYTES !== 0) at = bytes.indexOf(wanted, at + 1);
  return at === -1 ? -1 : at / ID_BYTES;
}
