import { DatabaseSync } from "node:sqlite";
import { LIMITS } from "../../../core/limits.ts";
import type { DimensionPosition, DimensionRow, DimensionStore } from "../dimension.ts";

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
 * Current rows in SQLite, with the keys asked for last in memory, absent ones too. A power loss may
 * take the newest rows back together with their positions: they are then applied again from the log.
 */
export function openEmbeddedDimension(path: string): DimensionStore {
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
  const cache = new Map<string, string | null>();

  const get = (table: string, key: string): string | undefined => {
    const id = `${table}\u0000${key}`;
    const known = cache.get(id);
    if (known !== undefined) return known ?? undefined;
    const found = select.get(table, key) as { value: string } | undefined;
    // Full: forget everything. A plain bound; what is hot comes back at once.
    if (cache.size >= LIMITS.dimensionEntriesMax) cache.clear();
    cache.set(id, found?.value ?? null);
    return found?.value;
  };
  const apply = (rows: readonly DimensionRow[], positions: readonly DimensionPosition[]): void => {
    db.exec("BEGIN IMMEDIATE");
    try {
      for (const { table, key, timeMs, row } of rows) upsert.run(table, key, timeMs, row);
      for (const { topic, partition, offset } of positions) move.run(topic, partition, offset);
      db.exec("COMMIT");
    } catch (thrown) {
      db.exec("ROLLBACK");
      throw thrown;
    }
    for (const { table, key } of rows) cache.delete(`${table}\u0000${key}`);
  };
  return {
    get,
    apply,
    positions: () =>
      db
        .prepare("SELECT topic, partition, next AS offset FROM position")
        .all() as unknown as readonly DimensionPosition[],
    close: () => db.close(),
  };
}
