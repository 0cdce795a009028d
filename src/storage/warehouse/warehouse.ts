/** A value bound to `{name:Type}` in a statement. */
export type SqlParameter =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | readonly SqlParameter[];

/** What every statement may carry. */
export interface StatementOptions {
  readonly params?: Readonly<Record<string, SqlParameter>>;
  /** Settings of the engine, by name. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly signal?: AbortSignal;
}

export interface QueryOptions extends StatementOptions {
  /** Beyond it the query fails instead of giving a part (default: no bound of its own). */
  readonly maxRows?: number;
  /** Beyond it the engine ends the query with an error (default: no bound of its own). */
  readonly timeoutMs?: number;
}

/** Rows to insert from a file on the machine of the warehouse's process. */
export interface FileInsert {
  /** `table` or `database.table`, quoted by the adapter. */
  readonly table: string;
  /** Absolute path; the file must stay until the promise settles. */
  readonly path: string;
  /**
   * Columns of the *file*, in order, with their ClickHouse types. Read by position from RowBinary;
   * by name from formats that have names.
   */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /**
   * Columns of the table to fill, each by an expression over the file's columns; default: every
   * column of the file into the table's column of its name.
   */
  readonly select?: Readonly<Record<string, string>>;
  /** A condition over the file's columns; rows that don't meet it are left out. */
  readonly where?: string;
  /** Default RowBinary. */
  readonly format?: string;
  /** Names this insert: see `Warehouse`. At most 200 characters. */
  readonly token: string;
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

export interface RowsInsert {
  readonly table: string;
  /** Objects by column; missing columns take their default. Decimals and 64-bit numbers as text. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly columns?: readonly string[];
  /** Names this insert: see `Warehouse`. Without one, a repeated insert is a second insert. */
  readonly token?: string;
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/** What to write into a file on the machine of the warehouse's process. */
export interface FileExport {
  /** A SELECT; or the rows of a file, as in `FileInsert`. */
  readonly from:
    | { readonly sql: string; readonly params?: Readonly<Record<string, SqlParameter>> }
    | {
        readonly path: string;
        readonly columns: FileInsert["columns"];
        readonly format?: string;
        /** Columns of the export, each by an expression; default: the file's columns. */
        readonly select?: Readonly<Record<string, string>>;
        readonly where?: string;
        readonly orderBy?: string;
      };
  /** Absolute path of a file that doesn't exist yet; made with its content, not synced. */
  readonly path: string;
  readonly format: "Parquet" | "ORC" | "RowBinary" | "JSONEachRow";
  /** Default zstd (Parquet, ORC). */
  readonly compression?: "zstd" | "snappy" | "lz4" | "none";
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * The warehouse: events, models, cubes and time series, in ClickHouse's SQL.
 *
 * What every adapter owes:
 *
 * * **A settled insert is durable**: when the promise of `insertFile` or `insertRows` resolves, the
 *   rows are on disk, synced, and every later query sees them.
 * * **A token makes an insert repeatable**: an insert whose token and content equal those of an
 *   earlier one changes nothing, in the table and in the targets of its materialised views. An
 *   insert over several partitions is *not* atomic: after a crash, or an error, some partitions may
 *   have it and others not; repeating it, same token and same content, completes exactly what is
 *   missing. So write the intent down first, and after a crash repeat just that. (The table must be
 *   a MergeTree, its deduplication window not 0: the default here. It remembers the newest 10,000
 *   blocks, so repeat soon, not a week later.)
 * * **Errors** are `MillraceError`: `SQL_FAILED` with the engine's own words; `SQL_NOT_ALLOWED` where
 *   the user's rights don't reach; `WAREHOUSE_UNAVAILABLE` when there was no answer: whether the
 *   statement was run is then unknown, and an insert must be repeated with its token.
 * * Statements of one caller may run at the same time as others, a long read never holds up an
 *   insert, and nothing waits without a bound.
 */
export interface Warehouse {
  /** DDL, ALTER, OPTIMIZE, INSERT … SELECT: whatever gives no rows. */
  command(sql: string, options?: StatementOptions): Promise<void>;
  insertFile(insert: FileInsert): Promise<void>;
  insertRows(insert: RowsInsert): Promise<void>;
  /** Rows as objects. Int64, UInt64 and Decimal come as text, DateTime as the engine prints it. */
  query<Row = Record<string, unknown>>(sql: string, options?: QueryOptions): Promise<Row[]>;
  /** The whole result as text, in any text format of ClickHouse's. */
  queryText(sql: string, options?: QueryOptions & { readonly format?: string }): Promise<string>;
  /** Writes a file that is whole when the promise resolves; a caller renames it into place. */
  exportFile(exported: FileExport): Promise<void>;
  /** Whether the warehouse answers now. Never rejects. */
  ping(): Promise<boolean>;
  close(): Promise<void>;
}
