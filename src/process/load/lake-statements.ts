import { basename, dirname } from "node:path";
import { LIMITS } from "../../core/limits.ts";
import { quotedName, quotedText, structureOf } from "../../storage/warehouse/statements.ts";
import type { FileInsert } from "../../storage/warehouse/warehouse.ts";
import type { LakeFormat } from "../../storage/lake/lake.ts";
import { SPOOL_FORMAT } from "./native-file.ts";

/** What ClickHouse calls a format of the lake. */
export const ENGINE_FORMATS = { parquet: "Parquet", orc: "ORC" } as const satisfies Record<
  LakeFormat,
  string
>;

/** Settings of every statement that writes into the lake. */
export const LAKE_SETTINGS = {
  output_format_parquet_compression_method: "zstd",
  output_format_orc_compression_method: "zstd",
  // Higher levels take longer and, of these short columns, make no less.
  output_format_compression_level: 1,
  // Nobody looks one value up in the lake; filters would cost more than the columns.
  output_format_parquet_write_bloom_filter: 0,
  engine_file_truncate_on_insert: 1,
  max_threads: 1,
  max_insert_threads: 1,
} as const;

/** Rows that wait for the lake, and the column that says which day each belongs to. */
export interface SpoolSource {
  readonly path: string;
  readonly columns: FileInsert["columns"];
  readonly time: string;
}

const spoolSql = ({ path, columns }: SpoolSource): string =>
  `file(${quotedText(path)}, ${quotedText(SPOOL_FORMAT)}, ${quotedText(structureOf(columns))})`;

const daySql = ({ time }: SpoolSource): string => `toDate(${quotedName(time)}, 'UTC')`;

/** Days that one statement may write; the engine's ORC writer takes some 50 MB for each. */
export const daysAtOnceMax = (format: LakeFormat): number =>
  format === "orc" ? Math.floor(LIMITS.lakeDaysAtOnceMax / 6) : LIMITS.lakeDaysAtOnceMax;

/** The days of a spool's events, ascending. */
export const daysQuery = (source: SpoolSource): string =>
  `SELECT DISTINCT ${daySql(source)} AS day FROM ${spoolSql(source)} ORDER BY day`;

/**
 * Rows of a spool, of days from `first` to `last`, into one file a day,
 * `<folder>/YYYY-MM-DD.<format>`, in the spool's order.
 */
export function splitByDayStatement(
  source: SpoolSource,
  [first, last]: readonly [first: string, last: string],
  folder: string,
  format: LakeFormat,
): string {
  const structure = quotedText(structureOf(source.columns));
  const target = quotedText(`${folder}/{_partition_id}.${format}`);
  return (
    `INSERT INTO FUNCTION file(${target}, ${quotedText(ENGINE_FORMATS[format])}, ${structure}) ` +
    `PARTITION BY ${daySql(source)} SELECT * FROM ${spoolSql(source)} ` +
    `WHERE ${daySql(source)} BETWEEN ${quotedText(first)} AND ${quotedText(last)}`
  );
}

/** What `contentsQuery` gives of each file. */
export interface ContentsRow {
  /** The file's name without its folder. */
  readonly file: string;
  readonly rows: string;
  readonly min_time: string;
  readonly max_time: string;
  readonly min_received_at: string;
  readonly max_received_at: string;
}

/** Counts rows and finds the bounds of times of each file of a folder. */
export function contentsQuery(folder: string, format: LakeFormat, time: string): string {
  const bound = (bound: string, column: string, name: string): string =>
    `toUnixTimestamp64Milli(${bound}(${quotedName(column)})) AS ${name}`;
  const columns = [
    "_file AS file",
    "count() AS rows",
    bound("min", time, "min_time"),
    bound("max", time, "max_time"),
    bound("min", "received_at", "min_received_at"),
    bound("max", "received_at", "max_received_at"),
  ];
  const structure = `${quotedName(time)} DateTime64(3, 'UTC'), received_at DateTime64(3, 'UTC')`;
  return (
    `SELECT ${columns.join(", ")} FROM file(${quotedText(`${folder}/*.${format}`)}, ` +
    `${quotedText(ENGINE_FORMATS[format])}, ${quotedText(timesStructure(time, structure))}) ` +
    "GROUP BY _file ORDER BY _file"
  );
}

const timesStructure = (time: string, structure: string): string =>
  time === "received_at" ? "received_at DateTime64(3, 'UTC')" : structure;

/** Rows of files of one day of the lake, one file after the other. */
export function filesQuery(
  paths: readonly string[],
  format: LakeFormat,
  columns: FileInsert["columns"],
): string {
  const folder = dirname(paths[0]!);
  const names = paths.map((path) => basename(path));
  const list = names.length === 1 ? names[0]! : `{${names.join(",")}}`;
  return (
    `SELECT * FROM file(${quotedText(`${folder}/${list}`)}, ${quotedText(ENGINE_FORMATS[format])}, ` +
    `${quotedText(structureOf(columns))})`
  );
}
