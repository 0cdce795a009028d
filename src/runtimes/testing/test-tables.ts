import type { Lookups, TableRow } from "../../ingest/derive/lookups.ts";

/** The tables as a test's own documents made them so far. */
export class TestTables implements Lookups {
  readonly #tables: ReadonlyMap<string, Map<string, { row: TableRow; timeMs: number }>>;

  constructor(names: readonly string[]) {
    this.#tables = new Map(names.map((name) => [name, new Map()]));
  }

  has(table: string, bytes: Uint8Array, start: number, end: number): boolean | undefined {
    return this.#tables.get(table)?.has(Buffer.from(bytes.subarray(start, end)).toString());
  }

  row(table: string, key: string): TableRow | undefined {
    return this.#tables.get(table)?.get(key)?.row;
  }

  /** The newest row of a key wins, among equals the one put last. */
  put(table: string, key: string, row: TableRow, timeMs: number): void {
    const rows = this.#tables.get(table);
    const known = rows?.get(key);
    if (known === undefined || known.timeMs <= timeMs) rows?.set(key, { row, timeMs });
  }
}
