import type { FileExport, FileInsert } from "./warehouse.ts";

/** A name as a quoted ClickHouse identifier. */
export function quotedName(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}

/** `table` or `database.table`, each part quoted. */
export function quotedTable(table: string): string {
  const dot = table.indexOf(".");
  if (dot < 0) return quotedName(table);
  return `${quotedName(table.slice(0, dot))}.${quotedName(table.slice(dot + 1))}`;
}

/** Text as a ClickHouse string literal, quotes included. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\0", "\\0")}'`;
}

/** Columns with types, as the structure argument of `file(…)`. */
export function structureOf(columns: FileInsert["columns"]): string {
  return columns.map((column) => `${quotedName(column.name)} ${column.type}`).join(", ");
}

/** `INSERT INTO t (…) SELECT … FROM file(…)`; what it costs by format is in decisions/004. */
export function insertFileStatement(insert: FileInsert): string {
  const targets = insert.select
    ? Object.keys(insert.select)
    : insert.columns.map((column) => column.name);
  return (
    `INSERT INTO ${quotedTable(insert.table)} (${targets.map(quotedName).join(", ")}) ` +
    selectFromFile(insert)
  );
}

/**
 * `INSERT INTO FUNCTION file(…) SELECT …`: the engine writes the file itself. One thread, so that
 * the order of rows in the file is that of the source.
 */
export function exportStatement(exported: FileExport): string {
  const from = "sql" in exported.from ? exported.from.sql : selectFromFile(exported.from);
  const settings = [
    ...compressionSettings(exported),
    "engine_file_truncate_on_insert = 1",
    "max_insert_threads = 1",
  ];
  const target = `file(${quotedText(exported.path)}, ${quotedText(exported.format)})`;
  return `INSERT INTO FUNCTION ${target} SETTINGS ${settings.join(", ")} ${from}`;
}

function compressionSettings(exported: FileExport): string[] {
  const compression = exported.compression ?? "zstd";
  if (exported.format === "Parquet") {
    return [`output_format_parquet_compression_method = ${quotedText(compression)}`];
  }
  if (exported.format === "ORC") {
    return [`output_format_orc_compression_method = ${quotedText(compression)}`];
  }
  return [];
}

interface FileSelect {
  readonly path: string;
  readonly columns: FileInsert["columns"];
  readonly format?: string;
  readonly select?: Readonly<Record<string, string>>;
  readonly where?: string;
  readonly orderBy?: string;
}

function selectFromFile(source: FileSelect): string {
  const columns = source.select
    ? Object.entries(source.select).map(([name, sql]) => `${sql} AS ${quotedName(name)}`)
    : source.columns.map((column) => quotedName(column.name));
  const file = [source.path, source.format ?? "RowBinary", structureOf(source.columns)]
    .map(quotedText)
    .join(", ");
  const where = source.where === undefined ? "" : ` WHERE ${source.where}`;
  const order = source.orderBy === undefined ? "" : ` ORDER BY ${source.orderBy}`;
  // Expressions and conditions speak of the file's columns, also where a result has the same name.
  const settings = " SETTINGS prefer_column_name_to_alias = 1";
  return `SELECT ${columns.join(", ")} FROM file(${file})${where}${order}${settings}`;
}
