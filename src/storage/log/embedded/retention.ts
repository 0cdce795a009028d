import type { DatabaseSync } from "node:sqlite";
import { LIMITS } from "../../../core/limits.ts";
import type { ReaderPosition, RetentionBounds, TrimResult } from "../log.ts";

interface TrimPartition {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  readonly bytes: number;
}

/** What one step did to the batches. */
type Trimmed = Omit<TrimResult, "quarantinedRemoved" | "ledgerRowsRemoved">;

interface Floor extends ReaderPosition {
  readonly reader: string;
}

/** One step of retention, within the caller's transaction. */
export function trimLog(
  db: DatabaseSync,
  partitions: readonly TrimPartition[],
  requiredReaders: readonly string[],
  bounds: RetentionBounds,
  nowMs: number,
): TrimResult {
  const before = (age: number | undefined): number => nowMs - (age ?? Infinity);
  const batches = trimBatches(db, partitions, requiredReaders, bounds, nowMs);
  const quarantine = trimQuarantine(db, before(bounds.quarantineOlderThanMs));
  const ledger = trimLedger(db, before(bounds.ledgerOlderThanMs));
  return {
    ...batches,
    quarantinedRemoved: quarantine.removed,
    ledgerRowsRemoved: ledger.removed,
    more: batches.more || quarantine.more || ledger.more,
  };
}

interface TrimmedRows {
  readonly removed: number;
  readonly more: boolean;
}

/** Removes what was quarantined before a time; ids and times ascend together. */
function trimQuarantine(db: DatabaseSync, before: number): TrimmedRows {
  if (before === -Infinity) return { removed: 0, more: false };
  const rows = db
    .prepare("SELECT id, received_at FROM quarantine ORDER BY id LIMIT ?")
    .all(LIMITS.trimRowsMax);
  const firstKept = rows.findIndex((row) => Number(row["received_at"]) >= before);
  const removed = firstKept === -1 ? rows.length : firstKept;
  if (removed > 0)
    db.prepare("DELETE FROM quarantine WHERE id <= ?").run(rows[removed - 1]!["id"]!);
  return { removed, more: removed === LIMITS.trimRowsMax };
}

/** Removes the minutes that ended before a time; whole ones, since half of one doesn't balance. */
function trimLedger(db: DatabaseSync, before: number): TrimmedRows {
  if (before === -Infinity) return { removed: 0, more: false };
  const minutes = db
    .prepare("SELECT minute FROM ledger WHERE minute <= ? ORDER BY minute LIMIT ?")
    .all(before - 60_000, LIMITS.trimRowsMax)
    .map((row) => Number(row["minute"]));
  const [first] = minutes;
  const last = minutes.at(-1);
  if (first === undefined || last === undefined) return { removed: 0, more: false };
  const more = minutes.length === LIMITS.trimRowsMax;
  const isCut = more && first < last;
  const { changes } = db
    .prepare("DELETE FROM ledger WHERE minute <= ?")
    .run(isCut ? last - 60_000 : last);
  return { removed: Number(changes), more };
}

/**
 * Removes the oldest batches that the bounds no longer want. Walks in the order of commits, so that
 * every topic loses its oldest first; what a required reader holds counts towards the bytes to
 * lose, lest the other partitions pay for it.
 */
function trimBatches(
  db: DatabaseSync,
  partitions: readonly TrimPartition[],
  requiredReaders: readonly string[],
  bounds: RetentionBounds,
  nowMs: number,
): Trimmed {
  const floors = slowestReaders(db, partitions, requiredReaders);
  const before = bounds.olderThanMs === undefined ? -Infinity : nowMs - bounds.olderThanMs;
  const total = partitions.reduce((sum, { bytes }) => sum + bytes, 0);
  let excess = total - (bounds.bytesMax ?? Infinity);
  const remove = db.prepare("DELETE FROM batches WHERE seq = ?");
  const lose = db.prepare("UPDATE partitions SET bytes = bytes - ? WHERE id = ?");
  const removed = { batches: 0, bytes: 0 };
  let heldBack: Floor | undefined;
  let more = false;
  const rows = db
    .prepare(
      "SELECT seq, partition_id, end_offset, received_at, bytes FROM batches ORDER BY seq LIMIT ?",
    )
    .all(LIMITS.trimBatchesMax);
  for (const row of rows) {
    const bytes = Number(row["bytes"]);
    more = false;
    if (Number(row["received_at"]) >= before && excess <= 0) break;
    excess -= bytes;
    const partitionId = Number(row["partition_id"]);
    const floor = floors.get(partitionId);
    if (floor !== undefined && Number(row["end_offset"]) > floor.offset) {
      heldBack ??= floor;
      continue;
    }
    remove.run(row["seq"]!);
    lose.run(bytes, partitionId);
    removed.batches++;
    removed.bytes += bytes;
    more = true;
  }
  return {
    batchesRemoved: removed.batches,
    bytesRemoved: removed.bytes,
    bytes: total - removed.bytes,
    more: more && rows.length === LIMITS.trimBatchesMax,
    ...(heldBack === undefined ? {} : { heldBack }),
  };
}

/** By partition id: the required reader that is furthest behind. */
function slowestReaders(
  db: DatabaseSync,
  partitions: readonly TrimPartition[],
  requiredReaders: readonly string[],
): Map<number, Floor> {
  const floors = new Map<number, Floor>();
  const position = db.prepare("SELECT offset FROM positions WHERE reader = ? AND partition_id = ?");
  for (const { id, topic, partition } of partitions) {
    for (const reader of requiredReaders) {
      const offset = Number(position.get(reader, id)?.["offset"] ?? 0);
      const slowest = floors.get(id);
      if (slowest === undefined || offset < slowest.offset) {
        floors.set(id, { reader, topic, partition, offset });
      }
    }
  }
  return floors;
}
