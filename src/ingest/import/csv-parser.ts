import { CsvError, parse, type Parser } from "csv-parse";
import { MillraceError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";

/** One row: its values, the row as it is in the file, and the line it ends on. Latin-1 for bytes. */
export interface CsvRow {
  readonly record: readonly string[];
  readonly raw: string;
  readonly line: number;
}

/**
 * A parser of RFC 4180 that takes bytes and gives each row's values as Latin-1 texts, one character
 * a byte, so that nothing is decoded before it is known to be UTF-8. Rows of any length are given.
 */
export function csvParser(delimiter: string): Parser {
  return parse({
    delimiter,
    encoding: "latin1",
    raw: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: false,
    max_record_size: LIMITS.eventBytesMax * 4,
  });
}

/** What the parser gives, in our words. */
export function csvRow(item: unknown): CsvRow {
  const { record, raw, info } = item as {
    record: string[];
    raw: string;
    info: { lines: number };
  };
  return { record, raw, line: info.lines };
}

/** The parser's own failure: a quote that doesn't end, mostly. */
export function csvFailure(thrown: unknown): unknown {
  if (!(thrown instanceof CsvError)) return thrown;
  const line = typeof thrown["lines"] === "number" ? thrown["lines"] : undefined;
  return new MillraceError("IMPORT_FAILED", `the CSV can't be read on: ${thrown.message}`, {
    field: "FILE",
    hint: "look for a quote that doesn't end; the rows before are imported",
    cause: thrown,
    ...(line === undefined ? {} : { line }),
  });
}
