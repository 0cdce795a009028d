import { LIMITS } from "../../core/limits.ts";
import type { ByteSource } from "./open-bytes.ts";
import type { SourceRow } from "./source-row.ts";

const BYTE = { newline: 10, carriageReturn: 13, openBrace: 123 } as const;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** Rows of NDJSON: one a line, blank ones too; what isn't an object is unreadable. */
export async function* readNdjson(
  source: ByteSource,
): AsyncGenerator<readonly SourceRow[], void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  let isTooLong = false;
  let isFirst = true;
  for await (const chunk of source.chunks) {
    let bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (isFirst && bytes.length >= BOM.length) {
      isFirst = false;
      if (bytes.subarray(0, BOM.length).equals(BOM)) bytes = bytes.subarray(BOM.length);
    }
    const rows: SourceRow[] = [];
    let at = 0;
    for (;;) {
      const newline = bytes.indexOf(BYTE.newline, at);
      if (newline === -1) break;
      rows.push(rowOf(bytes.subarray(at, newline), ++line, isTooLong));
      isTooLong = false;
      at = newline + 1;
    }
    rest = bytes.subarray(at);
    if (rest.length > LIMITS.eventBytesMax) {
      isTooLong = true;
      rest = Buffer.alloc(0);
    }
    if (rows.length > 0) yield rows;
  }
  if (rest.length > 0 || isTooLong) yield [rowOf(rest, line + 1, isTooLong)];
}

function rowOf(bytes: Buffer, line: number, isTooLong: boolean): SourceRow {
  if (isTooLong || bytes.length > LIMITS.eventBytesMax) {
    const message = `line ${line} has more than ${LIMITS.eventBytesMax} bytes`;
    return {
      kind: "unreadable",
      line,
      row: { reason: "EVENT_TOO_LARGE", bytes: Buffer.alloc(0), message },
    };
  }
  let start = 0;
  let end = bytes.length;
  while (start < end && isSpace(bytes[start]!)) start++;
  while (end > start && isSpace(bytes[end - 1]!)) end--;
  if (start === end) return { kind: "blank", line };
  if (
    bytes[start] === BYTE.openBrace &&
    !bytes.subarray(start, end).includes(BYTE.carriageReturn)
  ) {
    return { kind: "json", bytes: bytes.subarray(start, end), line };
  }
  const message = `line ${line} isn't a JSON object`;
  return { kind: "unreadable", line, row: { reason: "EVENT_NOT_JSON", bytes, message } };
}

const isSpace = (byte: number): boolean => byte === 32 || byte === 9 || byte === 13;
