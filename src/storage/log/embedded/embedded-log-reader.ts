import { existsSync } from "node:fs";
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import type {
  Batch,
  EventPlace,
  LedgerQuery,
  LedgerRow,
  LedgerStatus,
  LogReader,
  PartitionEnd,
  Quarantined,
  QuarantineQuery,
  ReaderPosition,
  ReadRequest,
} from "../log.ts";
import { batchCrc } from "../row-header.ts";
import { endsOf, prepareEnds, readPositions } from "./common-reads.ts";
import { giveBack } from "./give-back.ts";
import { crcOfIds, indexOfId } from "./ids-column.ts";
import { logFile, openLogForReading } from "./log-database.ts";
import { storageError } from "./sqlite-error.ts";

type Row = Record<string, SQLOutputValue>;

export interface EmbeddedLogReaderOptions {
  /**
   * Rows of one read are given back at the next one: for those who read much and keep nothing. Left
   * to the garbage collector they would make it mark the whole heap for every 64 MB that is read.
   */
  readonly rowsUntilNextRead?: boolean;
}

/**
 * Opens the log of a data folder for reading, beside its writer, in any thread or process.
 * `NOT_READY` while no writer has made it.
 */
export function openEmbeddedLogReader(
  dir: string,
  options: EmbeddedLogReaderOptions = {},
): EmbeddedLogReader {
  const file = logFile(dir);
  if (!existsSync(file)) {
    throw new MillraceError("NOT_READY", `there is no log at ${file} yet`, {
      hint: "the collector makes it when it starts",
    });
  }
  try {
    return new EmbeddedLogReader(openLogForReading(dir), file, options);
  } catch (error) {
    throw storageError(error, file);
  }
}

/** Reads what the log's writer has committed. Each call is one snapshot. */
export class EmbeddedLogReader implements LogReader {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #batches: StatementSync;
  readonly #partition: StatementSync;
  readonly #version: StatementSync;
  readonly #ends: StatementSync;
  readonly #byTime: StatementSync;
  #lastVersion: SQLOutputValue | undefined;
  /** Batches to take the rows back from; undefined when they are the caller's for good. */
  #given: readonly Batch[] | undefined;

  constructor(db: DatabaseSync, file: string, { rowsUntilNextRead }: EmbeddedLogReaderOptions) {
    this.#db = db;
    this.#file = file;
    this.#given = rowsUntilNextRead === true ? [] : undefined;
    this.#partition = db.prepare("SELECT id FROM partitions WHERE topic = ? AND partition = ?");
    this.#batches = db.prepare(
      `SELECT base_offset, end_offset, count, layout_id, received_at, min_time, max_time, crc, rows
       FROM batches WHERE partition_id = ? AND end_offset > ? ORDER BY end_offset`,
    );
    this.#byTime = db.prepare(
      `SELECT topic, partition, base_offset, ids, ids_crc FROM batches b
       JOIN partitions p ON p.id = b.partition_id WHERE b.received_at = ? AND ids IS NOT NULL`,
    );
    this.#version = db.prepare("PRAGMA data_version");
    this.#ends = prepareEnds(db);
  }

  read(request: ReadRequest): Batch[] {
    try {
      for (const { rows } of this.#given ?? []) giveBack(rows);
      const batches = this.#read(request);
      if (this.#given !== undefined) this.#given = batches;
      return batches;
    } catch (error) {
      throw storageError(error, this.#file);
    }
  }

  #read({ topic, partition, from, bytesMax = LIMITS.readBytesMax }: ReadRequest): Batch[] {
    const id = this.#partition.get(topic, partition)?.["id"];
    if (id === undefined) {
      throw new MillraceError("TOPIC_UNKNOWN", `the log has no ${topic}, partition ${partition}`);
    }
    const batches: Batch[] = [];
    let bytes = 0;
    for (const row of this.#batches.iterate(id, from)) {
      const batch = this.#batch(topic, partition, row);
      if (batches.length === 0 && batch.baseOffset > from) {
        throw new MillraceError(
          "OFFSET_TRIMMED",
          `${topic}, partition ${partition}: offset ${from} is gone; the log begins at ${batch.baseOffset}`,
          { hint: "rebuild this reader from the lake, or let it begin at the log's start" },
        );
      }
      if (batches.length > 0 && bytes + batch.rows.length > bytesMax) break;
      bytes += batch.rows.length;
      batches.push(batch);
      if (bytes >= bytesMax) break;
    }
    return batches;
  }

  ends(): PartitionEnd[] {
    return endsOf(this.#ends);
  }

  changed(): boolean {
    const version = this.#version.get()?.["data_version"];
    const changed = version !== this.#lastVersion;
    this.#lastVersion = version;
    return changed;
  }

  topics(): { topic: string; partitions: number }[] {
    const rows = this.#db.prepare("SELECT topic, partitions FROM topics ORDER BY topic").all();
    return rows.map((row) => ({
      topic: String(row["topic"]),
      partitions: Number(row["partitions"]),
    }));
  }

  progress(topic: string): number[] {
    return this.#db
      .prepare("SELECT received_at FROM partitions WHERE topic = ? ORDER BY partition")
      .all(topic)
      .map((row) => (row["received_at"] === null ? -Infinity : Number(row["received_at"])));
  }

  positions(reader: string): ReaderPosition[] {
    return readPositions(this.#db, reader);
  }

  ledger({ from, to, topic }: LedgerQuery): LedgerRow[] {
    const rows = this.#db
      .prepare(
        `SELECT * FROM ledger WHERE minute >= ? AND minute < ? AND (? IS NULL OR topic = ?)
         ORDER BY minute, topic, partition, status, reason, source`,
      )
      .all(from, to, topic ?? null, topic ?? null);
    return rows.map((row) => ({
      topic: String(row["topic"]),
      partition: row["partition"] === -1 ? null : Number(row["partition"]),
      minute: Number(row["minute"]),
      status: String(row["status"]) as LedgerStatus,
      reason: String(row["reason"]),
      source: String(row["source"]),
      n: Number(row["n"]),
    }));
  }

  quarantined(query: QuarantineQuery): Quarantined[] {
    const { topic = null, reason = null, eventId = null, after = 0 } = query;
    const limit = Math.min(query.limit ?? 100, LIMITS.quarantineRowsMax);
    const rows = this.#db
      .prepare(
        `SELECT * FROM quarantine WHERE id > ? AND (? IS NULL OR topic = ?)
         AND (? IS NULL OR reason = ?) ${eventId === null ? "AND ? IS NULL" : "AND event_id = ?"}
         ORDER BY id LIMIT ?`,
      )
      .all(after, topic, topic, reason, reason, eventId, limit);
    return rows.map(quarantinedOf);
  }

  locate(hash: Uint32Array, receivedAt: number): EventPlace | undefined {
    for (const row of this.#byTime.iterate(receivedAt)) {
      const column = bytesOf(row["ids"]);
      const index = indexOfId(column, hash);
      if (index === -1) continue;
      if (crcOfIds(column) !== row["ids_crc"]) throw this.#corrupt(row, "ids");
      return {
        topic: String(row["topic"]),
        partition: Number(row["partition"]),
        offset: Number(row["base_offset"]) + index,
        index,
        receivedAt,
      };
    }
    return undefined;
  }

  close(): void {
    this.#db.close();
  }

  #batch(topic: string, partition: number, row: Row): Batch {
    const receivedAt = Number(row["received_at"]);
    const count = Number(row["count"]);
    const batch: Batch = {
      topic,
      partition,
      baseOffset: Number(row["base_offset"]),
      endOffset: Number(row["end_offset"]),
      count,
      kind: count === 0 ? "heartbeat" : "events",
      layoutId: Number(row["layout_id"]),
      firstReceivedAt: receivedAt,
      lastReceivedAt: receivedAt,
      minTime: Number(row["min_time"]),
      maxTime: Number(row["max_time"]),
      rows: bytesOf(row["rows"]),
      crc: Number(row["crc"]),
    };
    if (batchCrc(batch, batch.rows) !== batch.crc) {
      throw this.#corrupt({ topic, partition, base_offset: batch.baseOffset }, "rows");
    }
    return batch;
  }

  #corrupt(row: Row, what: string): MillraceError {
    return new MillraceError(
      "STORAGE_CORRUPT",
      `${this.#file}: the ${what} of ${String(row["topic"])}, partition ${String(row["partition"])}, ` +
        `from offset ${String(row["base_offset"])} don't match their checksum`,
      { hint: "restore the log from a backup; keep the damaged file for examination" },
    );
  }
}

const bytesOf = (value: SQLOutputValue | undefined): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array(0);

const textOf = (value: SQLOutputValue | undefined): string | null =>
  value === null || value === undefined ? null : String(value);

const quarantinedOf = (row: Row): Quarantined => ({
  id: Number(row["id"]),
  topic: String(row["topic"]),
  receivedAt: Number(row["received_at"]),
  reason: String(row["reason"]),
  field: textOf(row["field"]),
  rule: textOf(row["rule"]),
  eventId: textOf(row["event_id"]),
  bytes: bytesOf(row["bytes"]),
  source: String(row["source"]),
});
