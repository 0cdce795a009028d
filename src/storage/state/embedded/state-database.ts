import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { randomHex } from "../../../core/random.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS operators (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  since_ms INTEGER,                 -- null: saw everything
  own TEXT NOT NULL                 -- JSON
) STRICT;

CREATE TABLE IF NOT EXISTS entries (
  operator INTEGER NOT NULL,
  bucket INTEGER NOT NULL,          -- start of a pane, ms; 0: one entry a key
  key TEXT NOT NULL,
  due INTEGER,                      -- progress at which it is wanted
  text TEXT NOT NULL,
  PRIMARY KEY (operator, bucket, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_by_due ON entries (operator, due) WHERE due IS NOT NULL;

CREATE TABLE IF NOT EXISTS journal (
  id INTEGER PRIMARY KEY,           -- their order
  operator INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS journal_by_bucket ON journal (operator, bucket);

CREATE TABLE IF NOT EXISTS positions (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS progress (
  topic TEXT PRIMARY KEY,
  text TEXT NOT NULL                -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS touched (
  topic TEXT NOT NULL,
  hour INTEGER NOT NULL,            -- its start, ms
  partition INTEGER NOT NULL,
  first_offset INTEGER NOT NULL,
  last_offset INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (topic, hour, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
`;

/** Opens (or makes) a worker's database: WAL, every commit synced before it returns. */
export function openStateDatabase(dir: string): DatabaseSync {
  mkdirSync(dir, { recursive: true });
  const db = new DatabaseSync(join(dir, "stream.db"), { timeout: 5_000 });
  try {
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = FULL");
    db.exec("PRAGMA fullfsync = ON"); // macOS: through the disk's own cache
    db.exec("PRAGMA cache_size = -32768");
    // A commit changes thousands of pages: many commits share a checkpoint.
    db.exec("PRAGMA wal_autocheckpoint = 12000");
    db.exec("PRAGMA journal_size_limit = 67108864");
    db.exec(SCHEMA);
    db.prepare("INSERT OR IGNORE INTO settings VALUES ('epoch', ?)").run(randomHex(8));
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}
