import { isUtf8 } from "node:buffer";
import { pipeline, Readable } from "node:stream";
import { MillraceError } from "../../core/errors.ts";
import { csvFailure, csvParser, csvRow, type CsvRow } from "./csv-parser.ts";
import { nested } from "./nested.ts";
import type { ByteSource } from "./open-bytes.ts";
import type { SourceRow } from "./source-row.ts";

const PORTION_ROWS = 500;
const DELIMITERS = [",", ";", "\t", "|"] as const;

/**
 * Rows of CSV with a header. The delimiter is the one that the header has most of. An empty value
 * is null. A row with more or fewer values than the header, or that isn't UTF-8, is unreadable.
 */
export async function* readCsv(
  source: ByteSource,
): AsyncGenerator<readonly SourceRow[], void, undefined> {
  const head = await peek(source.chunks);
  const parser = csvParser(delimiterOf(head.first));
  const failed: { error?: unknown } = {};
  pipeline(Readable.from(withoutBom(head)), parser, (error) => {
    if (error !== null && error !== undefined) failed.error = error;
  });
  let header: readonly string[] | undefined;
  let rows: SourceRow[] = [];
  try {
    for await (const item of parser as AsyncIterable<unknown>) {
      const row = csvRow(item);
      if (header === undefined) {
        header = headerOf(row);
        continue;
      }
      rows.push(sourceRow(row, header));
      if (rows.length < PORTION_ROWS) continue;
      yield rows;
      rows = [];
    }
  } catch (thrown) {
    throw csvFailure(failed.error ?? thrown);
  }
  if (header === undefined) throw noHeader("the file is empty");
  if (rows.length > 0) yield rows;
}

interface Head {
  readonly first: Buffer;
  readonly rest: AsyncIterator<Buffer>;
}

/** The first bytes, at least to the end of the first line where there is one. */
async function peek(chunks: AsyncIterable<Buffer>): Promise<Head> {
  const rest = chunks[Symbol.asyncIterator]();
  let first: Buffer = Buffer.alloc(0);
  while (!first.includes(10) && first.length < 1024 * 1024) {
    const next = await rest.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  return { first, rest };
}

async function* withoutBom({ first, rest }: Head): AsyncGenerator<Buffer, void, undefined> {
  const bom = first[0] === 0xef && first[1] === 0xbb && first[2] === 0xbf ? 3 : 0;
  yield first.subarray(bom);
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function delimiterOf(first: Buffer): string {
  const newline = first.indexOf(10);
  const line = first.toString("latin1", 0, newline === -1 ? first.length : newline);
  const unquoted = line.replaceAll(/"[^"]*"/g, "");
  const counts = DELIMITERS.map((each) => unquoted.split(each).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

function headerOf({ record }: CsvRow): readonly string[] {
  const names = record.map((name) => {
    const bytes = Buffer.from(name, "latin1");
    if (!isUtf8(bytes) || name.includes("\u0000")) {
      throw new MillraceError("IMPORT_FAILED", "the file isn't UTF-8", {
        field: "FILE",
        hint: "convert it: iconv -f ISO-8859-1 -t UTF-8 (or -f UTF-16)",
      });
    }
    return bytes.toString("utf8").trim();
  });
  const empty = names.indexOf("");
  if (empty !== -1) throw noHeader(`column ${empty + 1} of the first line has no name`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw noHeader(`the column "${twice}" is there twice`);
  if (names.every((name) => /^[-+.\d:TZ/ ]+$/.test(name))) {
    throw noHeader("the first line has only numbers");
  }
  return names;
}

const noHeader = (what: string): MillraceError =>
  new MillraceError("IMPORT_FAILED", `the CSV has no header: ${what}`, {
    field: "FILE",
    line: 1,
    hint: "the first line names the columns",
  });

const BEYOND_ASCII = /[\u0080-\u00ff]/;

function sourceRow({ record, raw, line }: CsvRow, header: readonly string[]): SourceRow {
  if (record.length === 1 && record[0] === "" && header.length > 1) return { kind: "blank", line };
  const unreadable = (message: string): SourceRow => {
    const bytes = Buffer.from(raw.replace(/\r?\n$/, ""), "latin1");
    return { kind: "unreadable", line, row: { reason: "ROW_INVALID", bytes, message } };
  };
  if (record.length !== header.length) {
    const values = record.length === 1 ? "1 value" : `${record.length} values`;
    return unreadable(`line ${line} has ${values}; the header has ${header.length} columns`);
  }
  const isAscii = !BEYOND_ASCII.test(raw);
  if (!isAscii && !isUtf8(Buffer.from(raw, "latin1")))
    return unreadable(`line ${line} isn't UTF-8`);
  const values: Record<string, string | null> = {};
  for (let index = 0; index < header.length; index++) {
    const text = record[index]!;
    values[header[index]!] =
      text === "" ? null : isAscii ? text : Buffer.from(text, "latin1").toString("utf8");
  }
  return { kind: "record", values: nested(values), line };
}
