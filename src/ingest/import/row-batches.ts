import { LIMITS } from "../../core/limits.ts";
import { rowJson } from "./row-json.ts";
import { BLANK_ROW, unreadableLine } from "./row-line.ts";
import type { RowMap } from "./row-map.ts";
import type { RowSource, SourceRow } from "./source-row.ts";

/** Rows of a file on the wire (`row-line.ts`). */
export interface RowBatch {
  /** Number of the first row, from 1. */
  readonly first: number;
  readonly count: number;
  readonly body: Buffer;
  /** Line in the file of each row. */
  readonly lines: readonly number[];
  /** How much of the file was read for it, from 0 to 1. */
  readonly fraction: number;
}

/** The rows after `done` in batches, as `map` makes them. */
export async function* rowBatches(
  source: RowSource,
  map: RowMap | undefined,
  done: number,
): AsyncGenerator<RowBatch, void, undefined> {
  let parts: (string | Buffer)[] = [];
  let lines: number[] = [];
  let bytes = 0;
  let row = 0;
  const take = (): RowBatch => {
    const body = Buffer.concat(
      parts.map((each) => (typeof each === "string" ? Buffer.from(each) : each)),
    );
    const count = lines.length;
    const batch = { first: row - count + 1, count, body, lines, fraction: source.fraction() };
    parts = [];
    lines = [];
    bytes = 0;
    return batch;
  };
  for await (const portion of source.rows()) {
    for (const each of portion) {
      if (++row <= done) continue;
      const line = bounded(wireLine(each, row, map), each);
      if (lines.length > 0 && bytes + line.length > LIMITS.importBytesMax) {
        row--;
        yield take();
        row++;
      }
      parts.push(line);
      if (typeof line !== "string") parts.push(BLANK_ROW);
      lines.push(each.line);
      bytes += line.length;
      if (lines.length === LIMITS.importRowsMax) yield take();
    }
  }
  if (lines.length > 0) yield take();
}

/** A row that couldn't be sent for its size is refused without its bytes. */
function bounded(line: string | Buffer, row: SourceRow): string | Buffer {
  if (line.length <= LIMITS.importBytesMax) return line;
  const message = `the row at line ${row.line} has more than ${LIMITS.importBytesMax} bytes`;
  return unreadableLine({ reason: "EVENT_TOO_LARGE", bytes: Buffer.alloc(0), message });
}

function wireLine(row: SourceRow, rowNumber: number, map: RowMap | undefined): string | Buffer {
  switch (row.kind) {
    case "blank":
      return BLANK_ROW;
    case "unreadable":
      return unreadableLine(row.row);
    case "record": {
      const document = map === undefined ? row.values : map.apply(row.values, rowNumber, row.line);
      return document === undefined ? BLANK_ROW : `${rowJson(document)}\n`;
    }
    case "json": {
      if (map === undefined) return row.bytes;
      const values = parse(row.bytes);
      if (values === undefined) {
        const message = `line ${row.line} isn't JSON`;
        return unreadableLine({ reason: "EVENT_NOT_JSON", bytes: row.bytes, message });
      }
      const document = map.apply(values, rowNumber, row.line);
      return document === undefined ? BLANK_ROW : `${rowJson(document)}\n`;
    }
  }
}

function parse(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    return JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
