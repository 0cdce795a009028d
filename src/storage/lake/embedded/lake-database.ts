import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import type { LakeFile, LakeFormat, LakePosition, LakeRange } from "../lake.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS positions (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;

-- Ranges that are being written.
CREATE TABLE IF NOT EXISTS intents (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  from_offset INTEGER NOT NULL,
  to_offset INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS files (
  path TEXT PRIMARY KEY,            -- below the lake's folder
  topic TEXT NOT NULL,
  date TEXT NOT NULL,
  partition INTEGER NOT NULL,
  from_offset INTEGER NOT NULL,
  to_offset INTEGER NOT NULL,
  format TEXT NOT NULL,
  rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  min_time INTEGER NOT NULL,
  max_time INTEGER NOT NULL,
  min_received_at INTEGER NOT NULL,
  max_received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_by_day ON files (topic, date, partition, from_offset);
CREATE INDEX IF NOT EXISTS files_by_offset ON files (topic, partition, to_offset);

-- Files that may be on disk and aren't part of the lake: to be removed.
CREATE TABLE IF NOT EXISTS garbage (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Days whose listing for outsiders is behind.
CREATE TABLE IF NOT EXISTS stale (
  topic TEXT NOT NULL,
  date TEXT NOT NULL,
  PRIMARY KEY (topic, date)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS holds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  until INTEGER NOT NULL            -- ms
) STRICT;
`;

/** The manifest's file in a lake's folder. */
export const manifestFile = (dir: string): string => join(dir, "lake.db");

/** Opens the manifest: WAL, every commit synced. */
export function openLakeDatabase(dir: string): DatabaseSync {
  mkdirSync(dir, { recursive: true });
  const db = new DatabaseSync(manifestFile(dir), { timeout: 5_000 });
  db.exec("PRAGMA journal_mode = WAL");
  db.exec("PRAGMA synchronous = FULL");
  db.exec("PRAGMA fullfsync = ON"); // macOS: through the disk's own cache
  db.exec(SCHEMA);
  return db;
}

export type Row = Record<string, SQLOutputValue>;

export const rangeOf = (row: Row): LakeRange => ({
  topic: String(row["topic"]),
  partition: Number(row["partition"]),
  from: Number(row["from_offset"]),
  to: Number(row["to_offset"]),
});

export const positionOf = (row: Row): LakePosition => ({
  topic: String(row["topic"]),
  partition: Number(row["partition"]),
  offset: Number(row["offset"]),
});

export const fileOf = (dir: string, row: Row): LakeFile => ({
  ...rangeOf(row),
  path: join(dir, String(row["path"])),
  date: String(row["date"]),
  format: String(row["format"]) as LakeFormat,
  rows: Number(row["rows"]),
  bytes: Number(row["bytes"]),
  minTime: Number(row["min_time"]),
  maxTime: Number(row["max_time"]),
  minReceivedAt: Number(row["min_received_at"]),
  maxReceivedAt: Number(row["max_received_at"]),
});
