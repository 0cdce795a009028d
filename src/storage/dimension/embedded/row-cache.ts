import type { DatabaseSync } from "node:sqlite";
import { ByteMap } from "../../../core/byte-map.ts";

/** Whether a key's row is there; `unknown`: not in memory, the database has to be asked. */
export type Presence = "there" | "absent" | "unknown";

/** Rows of dimension tables in memory: all of them while they fit, else the ones asked for last. */
export class RowCache {
  readonly #entriesMax: number;
  /** By table, rows by their keys; a key without a value: there is no such row. */
  readonly #tables = new Map<string, ByteMap>();
  #entries = 0;
  /** Nothing exists that isn't here. */
  #isWhole = false;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** Takes in all rows of the database, unless they are too many; `deleted` is the text of none. */
  fill(db: DatabaseSync, deleted: string): void {
    const { n } = db.prepare("SELECT count(*) AS n FROM row").get() as { n: number };
    if (n > this.#entriesMax) return;
    for (const { name, key, value } of db.prepare("SELECT name, key, value FROM row").iterate()) {
      if (value !== deleted) this.set(String(name), Buffer.from(String(key)), String(value));
    }
    this.#isWhole = true;
  }

  /** What is known of the row whose key is `bytes[start, end)`. */
  presence(table: string, bytes: Uint8Array, start: number, end: number): Presence {
    const rows = this.#tables.get(table);
    const entry = rows?.find(bytes, start, end) ?? -1;
    if (entry === -1) return this.#isWhole ? "absent" : "unknown";
    return rows!.hasValue(entry) ? "there" : "absent";
  }

  /** The text of a row that is there. */
  row(table: string, key: Uint8Array): string {
    const rows = this.#tables.get(table)!;
    const value = rows.value(rows.find(key))!;
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString();
  }

  /** `row` undefined: there is none. */
  set(table: string, key: Uint8Array, row: string | undefined): void {
    let rows = this.#tables.get(table);
    if (rows === undefined || rows.find(key) === -1) {
      // Full: forget everything. A plain bound; what is hot comes back at once.
      if (this.#entries === this.#entriesMax) {
        this.#tables.clear();
        rows = undefined;
        this.#entries = 0;
        this.#isWhole = false;
      }
      this.#entries++;
    }
    if (rows === undefined) this.#tables.set(table, (rows = new ByteMap()));
    rows.set(key, row === undefined ? undefined : Buffer.from(row));
  }
}
