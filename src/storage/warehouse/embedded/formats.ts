/** What the server has to know of an output format. */
export interface FormatInfo {
  readonly contentType: string;
  /** Whether pieces of a result, each written by itself, make up the whole when joined. */
  readonly joinable: boolean;
}

const NDJSON = "application/x-ndjson; charset=UTF-8";
const JSON_TYPE = "application/json; charset=UTF-8";
const TSV = "text/tab-separated-values; charset=UTF-8";
const BINARY = "application/octet-stream";
const joinable = (contentType: string): FormatInfo => ({ contentType, joinable: true });
const whole = (contentType: string): FormatInfo => ({ contentType, joinable: false });

const FORMATS: Readonly<Record<string, FormatInfo>> = {
  JSONEachRow: joinable(NDJSON),
  JSONLines: joinable(NDJSON),
  NDJSON: joinable(NDJSON),
  JSONStringsEachRow: joinable(NDJSON),
  JSONCompactEachRow: joinable(NDJSON),
  JSONCompactStringsEachRow: joinable(NDJSON),
  TabSeparated: joinable(TSV),
  TSV: joinable(TSV),
  TabSeparatedRaw: joinable(TSV),
  TSVRaw: joinable(TSV),
  CSV: joinable("text/csv; charset=UTF-8; header=absent"),
  RowBinary: joinable(BINARY),
  Native: joinable(BINARY),
  JSON: whole(JSON_TYPE),
  JSONStrings: whole(JSON_TYPE),
  JSONCompact: whole(JSON_TYPE),
  JSONCompactStrings: whole(JSON_TYPE),
  JSONColumns: whole(JSON_TYPE),
  JSONColumnsWithMetadata: whole(JSON_TYPE),
  JSONObjectEachRow: whole(JSON_TYPE),
  CSVWithNames: whole("text/csv; charset=UTF-8; header=present"),
  CSVWithNamesAndTypes: whole("text/csv; charset=UTF-8; header=present"),
  TabSeparatedWithNames: whole(TSV),
  TabSeparatedWithNamesAndTypes: whole(TSV),
  TSVWithNames: whole(TSV),
  TSVWithNamesAndTypes: whole(TSV),
  Parquet: whole(BINARY),
  ORC: whole(BINARY),
  Arrow: whole(BINARY),
  ArrowStream: whole(BINARY),
  Avro: whole(BINARY),
  XML: whole("application/xml; charset=UTF-8"),
};

/** A format by its name; one that isn't known is taken whole, as plain text. */
export function formatInfo(name: string): FormatInfo {
  return FORMATS[name] ?? whole("text/plain; charset=UTF-8");
}

/** ClickHouse's format where neither the query nor the client names one. */
export const DEFAULT_FORMAT = "TabSeparated";
