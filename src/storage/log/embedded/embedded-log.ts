import { mkdirSync } from "node:fs";
import { type DatabaseSync } from "node:sqlite";
import type { Clock } from "../../../core/clock.ts";
import { assert, MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import { randomHex } from "../../../core/random.ts";
import type {
  Appended,
  CommitResult,
  LogCommit,
  LogWriterPort,
  PartitionEnd,
  PendingBatch,
  ReaderPosition,
  RetentionBounds,
  TrimResult,
} from "../log.ts";
import { batchCrc, patchRows } from "../row-header.ts";
import { readEnds, readPositions } from "./common-reads.ts";
import { lockFolder, type FolderLock } from "./folder-lock.ts";
import { crcOfIds } from "./ids-column.ts";
import { addCounts } from "./ledger-counts.ts";
import { logFile, openLogDatabase } from "./log-database.ts";
import { trimLog } from "./retention.ts";
import { splitBatch } from "./split-batch.ts";
import { isFatal, storageError } from "./sqlite-error.ts";
import { writerStatements, type WriterStatements } from "./writer-statements.ts";

export interface EmbeddedLogOptions {
  /** The data folder; the log is in `log/` of it. */
  readonly dir: string;
  readonly clock: Clock;
  /** Readers that retention waits for; one that has never set a position holds everything. */
  readonly requiredReaders?: readonly string[];
  readonly batchBytesMax?: number;
  /** Pages of 16 KB that the file may have; for tests of a full disk. */
  readonly pagesMax?: number;
}

/** What the writer keeps in memory of a partition; changed only after a commit. */
export interface PartitionState {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  endOffset: number;
  bytes: number;
}

/** Opens the log of a data folder for writing, making it when it isn't there. */
export function openEmbeddedLog(options: EmbeddedLogOptions): EmbeddedLog {
  const folder = `${options.dir}/log`;
  mkdirSync(folder, { recursive: true });
  const lock = lockFolder(folder);
  try {
    return new EmbeddedLog(options, lock);
  } catch (error) {
    lock.release();
    throw storageError(error, logFile(options.dir));
  }
}

/** The log on SQLite: one writer, a batch a row, every commit synced. */
export class EmbeddedLog implements LogWriterPort {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #lock: FolderLock;
  readonly #clock: Clock;
  readonly #requiredReaders: readonly string[];
  readonly #batchBytesMax: number;
  readonly #sql: WriterStatements;
  readonly #topics = new Map<string, PartitionState[]>();
  #lastReceivedAt = 0;
  /** Set when the disk failed: nothing more is written until the log is reopened. */
  #failure: MillraceError | undefined;

  constructor(options: EmbeddedLogOptions, lock: FolderLock) {
    this.#file = logFile(options.dir);
    this.#lock = lock;
    this.#clock = options.clock;
    this.#requiredReaders = options.requiredReaders ?? [];
    this.#batchBytesMax = options.batchBytesMax ?? LIMITS.batchBytesMax;
    this.#db = openLogDatabase(options.dir);
    if (options.pagesMax !== undefined)
      this.#db.exec(`PRAGMA max_page_count = ${options.pagesMax}`);
    this.#sql = writerStatements(this.#db);
    this.#load();
  }

  ensureTopic(topic: string, partitions: number): void {
    const known = this.#topics.get(topic);
    if (known !== undefined) {
      if (known.length === partitions) return;
      throw new MillraceError(
        "CONFIG_INVALID",
        `topic ${topic} has ${known.length} partitions, not ${partitions}`,
        { hint: "a topic's partitions are fixed when it is made: keys would change partition" },
      );
    }
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > 65_535) {
      throw new MillraceError("CONFIG_INVALID", `topic ${topic}: ${partitions} partitions`, {
        hint: "a topic has 1 to 65,535 partitions",
      });
    }
    const states: PartitionState[] = [];
    this.#transaction(() => {
      this.#sql.insertTopic.run(topic, partitions);
      for (let partition = 0; partition < partitions; partition++) {
        const id = Number(this.#sql.insertPartition.run(topic, partition).lastInsertRowid);
        states.push({ id, topic, partition, endOffset: 0, bytes: 0 });
      }
    });
    this.#topics.set(topic, states);
  }

  partitionsOf(topic: string): number {
    return this.#statesOf(topic).length;
  }

  stamp(): number {
    return Math.max(this.#lastReceivedAt, Math.floor(this.#clock.nowMs()));
  }

  append(commit: LogCommit): CommitResult {
    const receivedAt = commit.receivedAt ?? this.stamp();
    assert(receivedAt >= this.#lastReceivedAt, "received_at runs backwards");
    const appended: Appended[] = [];
    const ends = new Map<PartitionState, { endOffset: number; bytes: number }>();
    this.#transaction(() => {
      for (const batch of commit.batches) appended.push(this.#insert(batch, receivedAt, ends));
      this.#finish(ends, receivedAt);
      const minute = receivedAt - (receivedAt % 60_000);
      addCounts(this.#sql.addCount, minute, commit);
      for (const item of commit.quarantine ?? []) {
        const { topic, reason, field, rule, eventId, source, bytes } = item;
        // prettier-ignore
        this.#sql.insertQuarantine.run(
          topic, receivedAt, reason, field ?? null, rule ?? null, eventId ?? null, source ?? "", bytes,
        );
      }
    });
    this.#committed(ends, receivedAt);
    return { receivedAt, appended };
  }

  heartbeat(): number {
    const receivedAt = this.stamp();
    const ends = new Map<PartitionState, { endOffset: number; bytes: number }>();
    this.#transaction(() => {
      for (const state of [...this.#topics.values()].flat()) {
        const base = state.endOffset;
        this.#insertBatch(state, base, base + 1, 0, 0, receivedAt, receivedAt, receivedAt, EMPTY);
        ends.set(state, { endOffset: base + 1, bytes: state.bytes });
      }
      this.#finish(ends, receivedAt);
    });
    this.#committed(ends, receivedAt);
    return receivedAt;
  }

  setPositions(reader: string, positions: readonly ReaderPosition[]): void {
    this.#transaction(() => {
      for (const { topic, partition, offset } of positions) {
        this.#sql.setPosition.run(reader, this.#stateOf(topic, partition).id, offset);
      }
    });
  }

  positions(reader: string): ReaderPosition[] {
    return readPositions(this.#db, reader);
  }

  ends(): PartitionEnd[] {
    return readEnds(this.#db);
  }

  trim(bounds: RetentionBounds): TrimResult {
    const states = [...this.#topics.values()].flat();
    let result: TrimResult | undefined;
    this.#transaction(() => {
      result = trimLog(this.#db, states, this.#requiredReaders, bounds, this.#clock.nowMs());
    });
    assert(result !== undefined, "a trim gives a result");
    for (const row of this.#sql.partitions.all()) {
      this.#stateOf(String(row["topic"]), Number(row["partition"])).bytes = Number(row["bytes"]);
    }
    return result;
  }

  secret(name: string, bytes: number): Uint8Array {
    this.#transaction(() => this.#sql.insertSecret.run(name, Buffer.from(randomHex(bytes), "hex")));
    const row = this.#sql.secret.get(name);
    assert(row?.["value"] instanceof Uint8Array, "a secret is bytes");
    return row["value"];
  }

  /**
   * Identity hashes in the order of commits, of batches that `reader` has not read, or of all.
   * For rebuilding the gate's index.
   */
  *idsSince(reader: string | undefined): Generator<{ receivedAt: number; ids: Uint32Array }> {
    const from = reader === undefined ? 0 : Number(this.#sql.firstUnread.get(reader)?.["seq"] ?? 0);
    for (const row of this.#sql.idsFrom.iterate(from)) {
      const column = row["ids"];
      assert(column instanceof Uint8Array, "ids are bytes");
      const bytes = column.slice();
      if (crcOfIds(bytes) !== Number(row["ids_crc"])) {
        throw new MillraceError(
          "STORAGE_CORRUPT",
          `${this.#file}: the ids of batch ${String(row["seq"])} don't match their checksum`,
          { hint: "restore the log from a backup" },
        );
      }
      const ids = new Uint32Array(bytes.buffer, 0, bytes.length / 4);
      yield { receivedAt: Number(row["received_at"]), ids };
    }
  }

  close(): void {
    this.#db.close();
    this.#lock.release();
  }

  #load(): void {
    for (const row of this.#sql.topics.all()) this.#topics.set(String(row["topic"]), []);
    for (const row of this.#sql.partitions.all()) {
      const state: PartitionState = {
        id: Number(row["id"]),
        topic: String(row["topic"]),
        partition: Number(row["partition"]),
        endOffset: Number(row["end_offset"]),
        bytes: Number(row["bytes"]),
      };
      const stored = this.#sql.lastEnd.get(state.id)?.["end_offset"];
      assert(stored === undefined || stored === state.endOffset, `${this.#file}: ends disagree`);
      this.#statesOf(state.topic)[state.partition] = state;
      this.#lastReceivedAt = Math.max(this.#lastReceivedAt, Number(row["received_at"] ?? 0));
    }
  }

  #insert(
    batch: PendingBatch,
    receivedAt: number,
    ends: Map<PartitionState, { endOffset: number; bytes: number }>,
  ): Appended {
    const state = this.#stateOf(batch.topic, batch.partition);
    const end = ends.get(state) ?? { endOffset: state.endOffset, bytes: state.bytes };
    const baseOffset = end.endOffset;
    patchRows(batch.rows, batch.rowStarts, batch.partition, baseOffset, receivedAt);
    for (const part of splitBatch(batch, this.#batchBytesMax)) {
      const { rows, times, ids, layoutId } = part;
      const count = times.length;
      let minTime = Infinity;
      let maxTime = -Infinity;
      for (let index = 0; index < count; index++) {
        const time = times[index]!;
        if (time < minTime) minTime = time;
        if (time > maxTime) maxTime = time;
      }
      const base = end.endOffset;
      // prettier-ignore
      this.#insertBatch(state, base, base + count, count, layoutId, receivedAt, minTime, maxTime, rows, ids);
      end.endOffset += count;
      end.bytes += rows.length;
    }
    ends.set(state, end);
    return { topic: batch.topic, partition: batch.partition, baseOffset, endOffset: end.endOffset };
  }

  #insertBatch(
    state: PartitionState,
    baseOffset: number,
    endOffset: number,
    count: number,
    layoutId: number,
    receivedAt: number,
    minTime: number,
    maxTime: number,
    rows: Uint8Array,
    ids?: Uint32Array,
  ): void {
    const { id, partition } = state;
    const shape = { partition, baseOffset, endOffset, layoutId, firstReceivedAt: receivedAt };
    const crc = batchCrc(shape, rows);
    const column = ids && new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
    // prettier-ignore
    this.#sql.insertBatch.run(
      id, baseOffset, endOffset, count, layoutId, receivedAt, minTime, maxTime, rows.length, crc,
      column === undefined ? null : crcOfIds(column), column ?? null, rows,
    );
  }

  #finish(ends: Map<PartitionState, { endOffset: number; bytes: number }>, receivedAt: number) {
    for (const [state, { endOffset, bytes }] of ends) {
      this.#sql.setEnd.run(endOffset, receivedAt, bytes, state.id);
    }
  }

  #committed(ends: Map<PartitionState, { endOffset: number; bytes: number }>, receivedAt: number) {
    for (const [state, { endOffset, bytes }] of ends) {
      assert(endOffset >= state.endOffset, "offsets only grow");
      state.endOffset = endOffset;
      state.bytes = bytes;
    }
    this.#lastReceivedAt = receivedAt;
  }

  /** All of `write`, synced, or none of it. */
  #transaction(write: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      write();
      this.#db.exec("COMMIT");
    } catch (error) {
      const failure = storageError(error, this.#file);
      if (isFatal(error)) this.#failure = failure;
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw failure;
    }
  }

  #statesOf(topic: string): PartitionState[] {
    const states = this.#topics.get(topic);
    if (states !== undefined) return states;
    throw new MillraceError("TOPIC_UNKNOWN", `the log has no topic ${topic}`);
  }

  #stateOf(topic: string, partition: number): PartitionState {
    const state = this.#statesOf(topic)[partition];
    if (state !== undefined) return state;
    throw new MillraceError("TOPIC_UNKNOWN", `topic ${topic} has no partition ${partition}`);
  }
}

const EMPTY = new Uint8Array(0);
