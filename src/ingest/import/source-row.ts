import type { UnreadableRow } from "./row-line.ts";

/** One row of a file as its reader gives it. */
export type SourceRow =
  /** The bytes of one line that begins like a JSON object. */
  | { readonly kind: "json"; readonly bytes: Buffer; readonly line: number }
  | { readonly kind: "record"; readonly values: SourceRecord; readonly line: number }
  | { readonly kind: "unreadable"; readonly row: UnreadableRow; readonly line: number }
  | { readonly kind: "blank"; readonly line: number };

/** A row by the names of its columns. CSV has only texts, and null where there is nothing. */
export type SourceRecord = Readonly<Record<string, unknown>>;

/** The formats that can be imported. */
export type SourceFormat = "ndjson" | "csv" | "parquet";

/** A file being read: rows in portions, in order. */
export interface RowSource {
  readonly format: SourceFormat;
  /** Rows in the file, where the format says so. */
  readonly rowsTotal: number | undefined;
  /** How much of the file is read, from 0 to 1. */
  fraction(): number;
  rows(): AsyncGenerator<readonly SourceRow[], void, undefined>;
}
