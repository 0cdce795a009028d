import { DatabaseSync } from "node:sqlite";
import { LIMITS } from "../../../core/limits.ts";
import { RowCache, type Presence } from "./row-cache.ts";
import type { DimensionPosition, DimensionRow, DimensionStore } from "../dimension.ts";

/** The text of a row that was deleted: its time is kept, for older versions may come later. */
const DELETED = "";

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS row (
    name TEXT NOT NULL, key TEXT NOT NULL, time_ms INTEGER NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (name, key)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS position (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
  ) WITHOUT ROWID;
`;

/**
 * Current rows in SQLite. As many as fit are in memory, so that nothing is asked for that isn't
 * there; beyond that the keys asked for last, absent ones too. A power loss may
 * take the newest rows back together with their positions: they are then applied again from the log.
 */
export function openEmbeddedDimension(
  path: string,
  entriesMax: number = LIMITS.dimensionEntriesMax,
): DimensionStore {
  const db = new DatabaseSync(path);
  db.exec(SCHEMA);
  const select = db.prepare("SELECT value FROM row WHERE name = ? AND key = ?");
  const upsert = db.prepare(
    `INSERT INTO row (name, key, time_ms, value) VALUES (?, ?, ?, ?)
     ON CONFLICT (name, key) DO UPDATE SET time_ms = excluded.time_ms, value = excluded.value
     WHERE excluded.time_ms >= time_ms`,
  );
  const move = db.prepare(
    `INSERT INTO position (topic, partition, next) VALUES (?, ?, ?)
     ON CONFLICT (topic, partition) DO UPDATE SET next = excluded.next`,
  );
  const cache = new RowCache(entriesMax);
  cache.fill(db, DELETED);

  const presence = (table: string, bytes: Uint8Array, start: number, end: number): Presence => {
    const known = cache.presence(table, bytes, start, end);
    if (known !== "unknown") return known;
    const key = Buffer.from(bytes.subarray(start, end));
    const found = select.get(table, key.toString()) as { value: string } | undefined;
    const isThere = found !== undefined && found.value !== DELETED;
    cache.set(table, key, isThere ? found.value : undefined);
    return isThere ? "there" : "absent";
  };
  const get = (table: string, key: string): string | undefined => {
    const bytes = Buffer.from(key);
    const isThere = presence(table, bytes, 0, bytes.length) === "there";
    return isThere ? cache.row(table, bytes) : undefined;
  };
  const apply = (rows: readonly DimensionRow[], positions: readonly DimensionPosition[]): void => {
    const newest: DimensionRow[] = [];
    db.exec("BEGIN IMMEDIATE");
    try {
      for (const each of rows) {
        const { changes } = upsert.run(each.table, each.key, each.timeMs, each.row ?? DELETED);
        if (changes !== 0) newest.push(each);
      }
      for (const { topic, partition, offset } of positions) move.run(topic, partition, offset);
      db.exec("COMMIT");
    } catch (thrown) {
      db.exec("ROLLBACK");
      throw thrown;
    }
    for (const { table, key, row } of newest) cache.set(table, Buffer.from(key), row);
  };
  return {
    get,
    has: (table, bytes, start, end) => presence(table, bytes, start, end) === "there",
    apply,
    positions: () =>
      db
        .prepare("SELECT topic, partition, next AS offset FROM position")
        .all() as unknown as readonly DimensionPosition[],
    close: () => db.close(),
  };
}
