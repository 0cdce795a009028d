import type { DatabaseSync } from "node:sqlite";

/** Rows of dimension tables in memory: all of them while they fit, else the ones asked for last. */
export class RowCache {
  readonly #entriesMax: number;
  /** By table and key; null: there is no such row. */
  readonly #tables = new Map<string, Map<string, string | null>>();
  #entries = 0;
  /** Nothing exists that isn't here. */
  #isWhole = false;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** Takes in all rows of the database, unless they are too many. */
  fill(db: DatabaseSync): void {
    const { n } = db.prepare("SELECT count(*) AS n FROM row").get() as { n: number };
    if (n > this.#entriesMax) return;
    for (const { name, key, value } of db.prepare("SELECT name, key, value FROM row").iterate()) {
      this.set(String(name), String(key), String(value));
    }
    this.#isWhole = true;
  }

  /** A row's text; null when there is none; undefined when that isn't known here. */
  get(table: string, key: string): string | null | undefined {
    const row = this.#tables.get(table)?.get(key);
    return row === undefined && this.#isWhole ? null : row;
  }

  set(table: string, key: string, row: string | null): void {
    let rows = this.#tables.get(table);
    if (rows?.has(key) !== true) {
      // Full: forget everything. A plain bound; what is hot comes back at once.
      if (this.#entries === this.#entriesMax) {
        this.#tables.clear();
        rows = undefined;
        this.#entries = 0;
        this.#isWhole = false;
      }
      this.#entries++;
    }
    if (rows === undefined) this.#tables.set(table, (rows = new Map()));
    rows.set(key, row);
  }
}
