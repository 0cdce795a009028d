import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The log's file in a data folder. */
export const logFile = (dir: string): string => `${dir}/log/log.db`;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS topics (
  topic TEXT PRIMARY KEY,
  partitions INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS partitions (
  id INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  end_offset INTEGER NOT NULL,
  received_at INTEGER,              -- of the last batch, ms
  bytes INTEGER NOT NULL,           -- of the batches that are there
  UNIQUE (topic, partition)
) STRICT;

-- In the order of commits. Small columns first, so that headers are read without the rows.
CREATE TABLE IF NOT EXISTS batches (
  seq INTEGER PRIMARY KEY,
  partition_id INTEGER NOT NULL,
  base_offset INTEGER NOT NULL,
  end_offset INTEGER NOT NULL,
  count INTEGER NOT NULL,           -- 0: a heartbeat
  layout_id INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  min_time INTEGER NOT NULL,
  max_time INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  ids_crc INTEGER,
  ids BLOB,                         -- 12 bytes an event
  rows BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS batches_by_offset ON batches (partition_id, end_offset);
CREATE INDEX IF NOT EXISTS batches_by_time ON batches (received_at);

CREATE TABLE IF NOT EXISTS positions (
  reader TEXT NOT NULL,
  partition_id INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  PRIMARY KEY (reader, partition_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ledger (
  minute INTEGER NOT NULL,          -- its start, ms
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,       -- -1: none
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  source TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (minute, topic, partition, status, reason, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  field TEXT,
  rule TEXT,
  event_id TEXT,
  source TEXT NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS quarantine_by_event ON quarantine (event_id);

CREATE TABLE IF NOT EXISTS secrets (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Makes the entries of a folder durable (a new file's name isn't, until its folder is synced). */
export function syncFolder(dir: string): void {
  const handle = openSync(dir, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * The log's database, opened for writing: WAL, and every commit synced before it returns. Pages of
 * 16 KB because a batch is some hundred KB; larger ones would cost small commits too much.
 */
export function openLogDatabase(dir: string): DatabaseSync {
  const file = logFile(dir);
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  const db = new DatabaseSync(file, { timeout: 5_000 });
  try {
    db.exec("PRAGMA page_size = 16384");
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = FULL");
    db.exec("PRAGMA fullfsync = ON"); // macOS: through the disk's own cache
    db.exec("PRAGMA checkpoint_fullfsync = ON");
    db.exec("PRAGMA cache_size = -16384");
    db.exec("PRAGMA wal_autocheckpoint = 4000");
    db.exec("PRAGMA journal_size_limit = 134217728");
    db.exec(SCHEMA);
  } catch (error) {
    db.close();
    throw error;
  }
  for (const each of [folder, dir, dirname(dir)]) syncFolder(each);
  return db;
}

/** The log's database, opened for reading beside a writer. */
export function openLogForReading(dir: string): DatabaseSync {
  const db = new DatabaseSync(logFile(dir), { readOnly: true, timeout: 5_000 });
  db.exec("PRAGMA cache_size = -8192");
  return db;
}
