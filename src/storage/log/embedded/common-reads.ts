import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { PartitionEnd, ReaderPosition } from "../log.ts";

/** For `endsOf`. */
export const prepareEnds = (db: DatabaseSync): StatementSync =>
  db.prepare(
    `SELECT topic, partition, end_offset, (
       SELECT base_offset FROM batches b WHERE b.partition_id = p.id ORDER BY end_offset LIMIT 1
     ) AS start_offset FROM partitions p ORDER BY id`,
  );

/** Where each partition begins and ends now. */
export const endsOf = (statement: StatementSync): PartitionEnd[] =>
  statement.all().map((row) => ({
    topic: String(row["topic"]),
    partition: Number(row["partition"]),
    start: Number(row["start_offset"] ?? row["end_offset"]),
    end: Number(row["end_offset"]),
  }));

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

/** The same, once. */
export const readEnds = (db: DatabaseSync): PartitionEnd[] => endsOf(prepareEnds(db));
