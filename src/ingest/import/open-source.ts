import { MillraceError } from "../../core/errors.ts";
import { compressionOf, openBytes, sniff } from "./open-bytes.ts";
import { readCsv } from "./read-csv.ts";
import { readNdjson } from "./read-ndjson.ts";
import { openParquetSource } from "./read-parquet.ts";
import type { RowSource, SourceFormat, SourceRow } from "./source-row.ts";

const PARQUET_MAGIC = "PAR1";
const FORMATS: Readonly<Record<string, SourceFormat>> = {
  csv: "csv",
  tsv: "csv",
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "ndjson",
  parquet: "parquet",
};

/** What a file is: by what `--format` says, its first bytes, its name, or its first character. */
export async function openSource(path: string, asked?: SourceFormat): Promise<RowSource> {
  const { size, head } = await sniff(path);
  if (head.toString("latin1", 0, 4) === PARQUET_MAGIC || asked === "parquet") {
    return openParquetSource(path);
  }
  if (
    head.toString("latin1", 0, 2) === "\u00ff\u00fe" ||
    head.toString("latin1", 0, 2) === "\u00fe\u00ff"
  ) {
    throw new MillraceError("IMPORT_FAILED", `${path} is UTF-16, not UTF-8`, {
      field: "FILE",
      hint: "convert it: iconv -f UTF-16 -t UTF-8",
    });
  }
  const compression = compressionOf(head);
  const format = asked ?? formatByName(path) ?? formatByText(head, compression);
  if (format === undefined || format === "parquet") {
    throw new MillraceError(
      "IMPORT_FAILED",
      `${path}: neither its name nor its bytes tell its format`,
      {
        field: "FILE",
        hint: "say --format ndjson, csv or parquet",
      },
    );
  }
  const bytes = openBytes(path, size, compression);
  const rows = (): AsyncGenerator<readonly SourceRow[], void, undefined> =>
    format === "csv" ? readCsv(bytes) : readNdjson(bytes);
  return { format, rowsTotal: undefined, fraction: bytes.fraction, rows };
}

function formatByName(path: string): SourceFormat | undefined {
  const name = path.replace(/\.(gz|gzip|zst|zstd)$/i, "");
  return FORMATS[name.slice(name.lastIndexOf(".") + 1).toLowerCase()];
}

const formatByText = (head: Buffer, compression: string): SourceFormat | undefined =>
  compression === "none" && head.toString("latin1").trimStart().startsWith("{")
    ? "ndjson"
    : undefined;
