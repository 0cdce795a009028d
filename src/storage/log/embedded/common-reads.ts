import type { DatabaseSync } from "node:sqlite";
import type { PartitionEnd, ReaderPosition } from "../log.ts";

/** Where each partition begins and ends now. */
export function readEnds(db: DatabaseSync): PartitionEnd[] {
  const rows = db
    .prepare(
      `SELECT topic, partition, end_offset, (
         SELECT base_offset FROM batches b WHERE b.partition_id = p.id ORDER BY end_offset LIMIT 1
       ) AS start_offset FROM partitions p ORDER BY id`,
    )
    .all();
  return rows.map((row) => ({
    topic: String(row["topic"]),
    partition: Number(row["partition"]),
    start: Number(row["start_offset"] ?? row["end_offset"]),
    end: Number(row["end_offset"]),
  }));
}

/** Positions that a reader has set, by partition. */
export function readPositions(db: DatabaseSync, reader: string): ReaderPosition[] {
  const rows = db
    .prepare(
      `SELECT topic, partition, offset FROM positions r JOIN partitions p ON p.id = r.partition_id
       WHERE reader = ? ORDER BY p.id`,
    )
    .all(reader);
  return rows.map((row) => ({
    topic: String(row["topic"]),
    partition: Number(row["partition"]),
    offset: Number(row["offset"]),
  }));
}
