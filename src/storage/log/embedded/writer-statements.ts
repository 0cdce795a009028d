import type { DatabaseSync } from "node:sqlite";

/** The statements of the log's writer, prepared once. */
export type WriterStatements = ReturnType<typeof writerStatements>;

export const writerStatements = (db: DatabaseSync) => ({
  topics: db.prepare("SELECT topic FROM topics"),
  partitions: db.prepare("SELECT * FROM partitions ORDER BY id"),
  lastEnd: db.prepare(
    "SELECT end_offset FROM batches WHERE partition_id = ? ORDER BY end_offset DESC LIMIT 1",
  ),
  insertTopic: db.prepare("INSERT INTO topics (topic, partitions) VALUES (?, ?)"),
  insertPartition: db.prepare(
    "INSERT INTO partitions (topic, partition, end_offset, bytes) VALUES (?, ?, 0, 0)",
  ),
  setEnd: db.prepare(
    "UPDATE partitions SET end_offset = ?, received_at = ?, bytes = ? WHERE id = ?",
  ),
  insertBatch: db.prepare(
    `INSERT INTO batches (partition_id, base_offset, end_offset, count, layout_id, received_at,
       min_time, max_time, bytes, crc, ids_crc, ids, rows)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
  addCount: db.prepare(
    `INSERT INTO ledger (minute, topic, partition, status, reason, source, n)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (minute, topic, partition, status, reason, source) DO UPDATE SET n = n + excluded.n`,
  ),
  insertQuarantine: db.prepare(
    `INSERT INTO quarantine (topic, received_at, reason, field, rule, event_id, source, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
  setPosition: db.prepare(
    `INSERT INTO positions (reader, partition_id, offset) VALUES (?, ?, ?)
     ON CONFLICT (reader, partition_id) DO UPDATE SET offset = excluded.offset`,
  ),
  firstUnread: db.prepare(
    `SELECT min(b.seq) AS seq FROM partitions p
     LEFT JOIN positions r ON r.partition_id = p.id AND r.reader = ?
     JOIN batches b ON b.seq = (
       SELECT seq FROM batches WHERE partition_id = p.id AND end_offset > coalesce(r.offset, 0)
       ORDER BY end_offset LIMIT 1)`,
  ),
  idsFrom: db.prepare(
    "SELECT seq, received_at, ids, ids_crc FROM batches WHERE seq >= ? AND ids IS NOT NULL ORDER BY seq",
  ),
  insertSecret: db.prepare(
    "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
  ),
  secret: db.prepare("SELECT value FROM secrets WHERE name = ?"),
});
