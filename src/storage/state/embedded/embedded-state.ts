import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { ReaderPosition } from "../../log/log.ts";
import type {
  JournalRecord,
  OperatorChange,
  OutboxMessage,
  StateCommit,
  StateStore,
  StoredEntry,
  StoredOperator,
  TouchedRecord,
} from "../state.ts";
import { openStateDatabase } from "./state-database.ts";

type Row = Record<string, SQLOutputValue>;

/** Opens a worker's state in a folder of its own. */
export const openEmbeddedState = (dir: string): EmbeddedState =>
  new EmbeddedState(openStateDatabase(dir));

/** A worker's state in one SQLite file. */
export class EmbeddedState implements StateStore {
  readonly epoch: string;
  readonly #db: DatabaseSync;
  readonly #entry: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeBucket: StatementSync;
  readonly #write: StatementSync;
  readonly #rewrite: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.epoch = String(
      db.prepare("SELECT value FROM settings WHERE name = 'epoch'").get()!["value"],
    );
    this.#entry = db.prepare(
      "SELECT bucket, key, due, text FROM entries WHERE operator = ? AND bucket = ? AND key = ?",
    );
    this.#put = db.prepare("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)");
    this.#remove = db.prepare("DELETE FROM entries WHERE operator = ? AND bucket = ? AND key = ?");
    this.#removeBucket = db.prepare("DELETE FROM entries WHERE operator = ? AND bucket = ?");
    this.#write = db.prepare("INSERT INTO journal (operator, bucket, text) VALUES (?, ?, ?)");
    this.#rewrite = db.prepare("DELETE FROM journal WHERE operator = ? AND bucket = ?");
  }

  operators(): StoredOperator[] {
    return this.#db.prepare("SELECT * FROM operators ORDER BY id").all().map(operatorOf);
  }

  addOperator(name: string, sinceMs: number | null): StoredOperator {
    const add = this.#db.prepare(
      "INSERT INTO operators (name, since_ms, own) VALUES (?, ?, 'null') RETURNING *",
    );
    return operatorOf(add.get(name, sinceMs)!);
  }

  keepOperators(names: readonly string[]): void {
    this.#atomically(() => {
      for (const { id, name } of this.operators()) {
        if (names.includes(name)) continue;
        this.#db.prepare("DELETE FROM entries WHERE operator = ?").run(id);
        this.#db.prepare("DELETE FROM journal WHERE operator = ?").run(id);
        this.#db.prepare("DELETE FROM operators WHERE id = ?").run(id);
      }
    });
  }

  entry(operator: number, bucket: number, key: string): StoredEntry | undefined {
    const row = this.#entry.get(operator, bucket, key);
    return row === undefined ? undefined : entryOf(row);
  }

  *entriesOf(operator: number, bucket: number): Iterable<StoredEntry> {
    const select = this.#db.prepare(
      "SELECT bucket, key, due, text FROM entries WHERE operator = ? AND bucket = ?",
    );
    for (const row of select.iterate(operator, bucket)) yield entryOf(row);
  }

  buckets(operator: number): number[] {
    const select = this.#db.prepare(
      "SELECT DISTINCT bucket FROM entries WHERE operator = ? ORDER BY bucket",
    );
    return select.all(operator).map((row) => Number(row["bucket"]));
  }

  *due(operator: number, until: number): Iterable<StoredEntry> {
    const select = this.#db.prepare(
      "SELECT bucket, key, due, text FROM entries WHERE operator = ? AND due <= ?",
    );
    for (const row of select.iterate(operator, until)) yield entryOf(row);
  }

  *journal(operator: number): Iterable<JournalRecord> {
    const select = this.#db.prepare(
      "SELECT bucket, text FROM journal WHERE operator = ? ORDER BY id",
    );
    for (const row of select.iterate(operator)) {
      yield { bucket: Number(row["bucket"]), text: String(row["text"]) };
    }
  }

  positions(): ReaderPosition[] {
    return this.#db
      .prepare("SELECT * FROM positions")
      .all()
      .map((row) => ({
        topic: String(row["topic"]),
        partition: Number(row["partition"]),
        offset: Number(row["offset"]),
      }));
  }

  progress(topic: string): string | undefined {
    const row = this.#db.prepare("SELECT text FROM progress WHERE topic = ?").get(topic);
    return row === undefined ? undefined : String(row["text"]);
  }

  commit(commit: StateCommit): void {
    this.#atomically(() => {
      for (const change of commit.operators) this.#change(change);
      const position = this.#db.prepare("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)");
      for (const { topic, partition, offset } of commit.positions) {
        position.run(topic, partition, offset);
      }
      const progress = this.#db.prepare("INSERT OR REPLACE INTO progress VALUES (?, ?)");
      for (const { topic, text } of commit.progress) progress.run(topic, text);
      this.#touch(commit.touched);
      const add = this.#db.prepare("INSERT INTO outbox (target, text) VALUES (?, ?)");
      for (const { target, text } of commit.outbox) add.run(target, text);
    });
  }

  touched(): TouchedRecord[] {
    return this.#db
      .prepare("SELECT * FROM touched ORDER BY topic, hour, partition")
      .all()
      .map((row) => ({
        topic: String(row["topic"]),
        partition: Number(row["partition"]),
        hour: Number(row["hour"]),
        firstOffset: Number(row["first_offset"]),
        lastOffset: Number(row["last_offset"]),
        n: Number(row["n"]),
      }));
  }

  clearTouched(
    records: readonly Pick<TouchedRecord, "topic" | "partition" | "hour" | "lastOffset">[],
  ): void {
    const remove = this.#db.prepare(
      "DELETE FROM touched WHERE topic = ? AND hour = ? AND partition = ? AND last_offset <= ?",
    );
    this.#atomically(() => {
      for (const { topic, hour, partition, lastOffset } of records) {
        remove.run(topic, hour, partition, lastOffset);
      }
    });
  }

  outbox(limit: number): OutboxMessage[] {
    return this.#db
      .prepare("SELECT id, target, text FROM outbox ORDER BY id LIMIT ?")
      .all(limit)
      .map((row) => ({
        id: Number(row["id"]),
        target: String(row["target"]),
        text: String(row["text"]),
      }));
  }

  published(id: number): void {
    this.#db.prepare("DELETE FROM outbox WHERE id <= ?").run(id);
  }

  close(): void {
    this.#db.close();
  }

  #change(change: OperatorChange): void {
    const { operator, own } = change;
    this.#db
      .prepare("UPDATE operators SET own = ? WHERE id = ? AND own <> ?")
      .run(own, operator, own);
    for (const bucket of change.removedBuckets) {
      this.#removeBucket.run(operator, bucket);
      this.#rewrite.run(operator, bucket);
    }
    for (const { bucket, key } of change.removed) this.#remove.run(operator, bucket, key);
    for (const { bucket, key, due, text } of change.put) {
      this.#put.run(operator, bucket, key, due, text);
    }
    for (const bucket of change.rewritten) this.#rewrite.run(operator, bucket);
    for (const { bucket, text } of change.written) this.#write.run(operator, bucket, text);
  }

  #touch(records: readonly TouchedRecord[]): void {
    const add = this.#db.prepare(
      `INSERT INTO touched (topic, hour, partition, first_offset, last_offset, n)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       first_offset = min(first_offset, excluded.first_offset),
       last_offset = max(last_offset, excluded.last_offset), n = n + excluded.n`,
    );
    for (const each of records) {
      const { topic, hour, partition, firstOffset, lastOffset, n } = each;
      add.run(topic, hour, partition, firstOffset, lastOffset, n);
    }
  }

  #atomically(work: () => void): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

const operatorOf = (row: Row): StoredOperator => ({
  id: Number(row["id"]),
  name: String(row["name"]),
  sinceMs: row["since_ms"] === null ? null : Number(row["since_ms"]),
  own: String(row["own"]),
});

const entryOf = (row: Row): StoredEntry => ({
  bucket: Number(row["bucket"]),
  key: String(row["key"]),
  due: row["due"] === null ? null : Number(row["due"]),
  text: String(row["text"]),
});
