/** A version of a dimension table's row. */
export interface DimensionRow {
  readonly table: string;
  readonly key: string;
  /** When it was said, ms; the newest wins, among equals the one applied last. */
  readonly timeMs: number;
  /** All columns but the system's, as JSON text; undefined: from then on there is no such row. */
  readonly row: string | undefined;
}

/** Everything before `offset` of a table's topic has been applied. */
export interface DimensionPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** The current rows of dimension tables, on disk, for lookups at the door. */
export interface DimensionStore {
  /** The row's JSON text; undefined when the table has no such key. Served from memory mostly. */
  get(table: string, key: string): string | undefined;
  /** Whether the table has a row whose key's UTF-8 is `bytes[start, end)`. */
  has(table: string, bytes: Uint8Array, start: number, end: number): boolean;
  /** Applies rows and moves positions, together or not at all. Idempotent. */
  apply(rows: readonly DimensionRow[], positions: readonly DimensionPosition[]): void;
  positions(): readonly DimensionPosition[];
  close(): void;
}
