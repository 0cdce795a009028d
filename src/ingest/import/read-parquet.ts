import { MillraceError } from "../../core/errors.ts";
import { nested } from "./nested.ts";
import { compressors } from "./parquet-compressors.ts";
import { openParquet, type ParquetFile } from "./parquet-file.ts";
import type { RowSource, SourceRow } from "./source-row.ts";

const PORTION_ROWS = 20_000;

/** A Parquet file's rows, portion by portion of its row groups. */
export async function openParquetSource(path: string): Promise<RowSource> {
  const file = await openParquet(path, compressors).catch((cause: unknown) => {
    throw parquetFailure(path, cause);
  });
  let done = 0;
  return {
    format: "parquet",
    rowsTotal: file.rows,
    fraction: () => (file.rows === 0 ? 1 : done / file.rows),
    async *rows() {
      try {
        for (const { from, to } of portions(file)) {
          const rows = await file.read(from, to).catch((cause: unknown) => {
            throw parquetFailure(path, cause);
          });
          done = to;
          yield rows.map((row, index): SourceRow => ({
            kind: "record",
            values: nested(row),
            line: from + index + 1,
          }));
        }
      } finally {
        await file.close();
      }
    },
  };
}

/** Ranges of rows that don't cross row groups. */
function* portions(file: ParquetFile): Generator<{ from: number; to: number }> {
  let start = 0;
  for (const rows of file.rowGroups) {
    for (let from = start; from < start + rows; from += PORTION_ROWS) {
      yield { from, to: Math.min(from + PORTION_ROWS, start + rows) };
    }
    start += rows;
  }
}

const parquetFailure = (path: string, cause: unknown): MillraceError =>
  new MillraceError(
    "IMPORT_FAILED",
    `${path} can't be read as Parquet: ${(cause as Error).message}`,
    {
      field: "FILE",
      cause,
    },
  );
