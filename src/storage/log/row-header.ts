import { crc32 } from "node:zlib";

/** Bytes at the start of each row that the log writes: offset, received time, partition. */
export const ROW_PATCHED_BYTES = 18;

const WORD = 4_294_967_296;

/**
 * Writes consecutive offsets from `baseOffset` (u64 at 0), the received time in ms (i64 at 8) and
 * the partition (u16 at 16), all little-endian, into each row.
 */
export function patchRows(
  rows: Uint8Array,
  rowStarts: Uint32Array,
  partition: number,
  baseOffset: number,
  receivedAt: number,
): void {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  const receivedLow = receivedAt % WORD;
  const receivedHigh = Math.floor(receivedAt / WORD);
  for (let index = 0; index < rowStarts.length; index++) {
    const start = rowStarts[index]!;
    const offset = baseOffset + index;
    view.setUint32(start, offset % WORD, true);
    view.setUint32(start + 4, Math.floor(offset / WORD), true);
    view.setUint32(start + 8, receivedLow, true);
    view.setUint32(start + 12, receivedHigh, true);
    view.setUint16(start + 16, partition, true);
  }
}

const header = new DataView(new ArrayBuffer(40));
const headerBytes = new Uint8Array(header.buffer);

/** CRC-32 of a batch: its place and shape, then its rows. */
export function batchCrc(
  batch: {
    readonly partition: number;
    readonly baseOffset: number;
    readonly endOffset: number;
    readonly layoutId: number;
    readonly firstReceivedAt: number;
  },
  rows: Uint8Array,
): number {
  header.setFloat64(0, batch.baseOffset, true);
  header.setFloat64(8, batch.endOffset, true);
  header.setFloat64(16, batch.firstReceivedAt, true);
  header.setFloat64(24, batch.layoutId, true);
  header.setFloat64(32, batch.partition, true);
  return crc32(rows, crc32(headerBytes));
}
