import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ReaderPosition } from "../../storage/log/log.ts";
import type { LoadIntent, LoadJournal } from "./load-journal.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS positions (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;

-- The insert that is under way: at most one.
CREATE TABLE IF NOT EXISTS intent (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  intent TEXT NOT NULL              -- JSON
) STRICT;
`;

/** The journal in a file of one process; every change synced. */
export class LoadDatabase implements LoadJournal {
  readonly #db: DatabaseSync;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#db = new DatabaseSync(join(dir, "load.db"), { timeout: 5_000 });
    this.#db.exec("PRAGMA journal_mode = WAL");
    this.#db.exec("PRAGMA synchronous = FULL");
    this.#db.exec("PRAGMA fullfsync = ON"); // macOS: through the disk's own cache
    this.#db.exec(SCHEMA);
    const handle = openSync(dir, "r");
    fsyncSync(handle);
    closeSync(handle);
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

  intent(): LoadIntent | undefined {
    const row = this.#db.prepare("SELECT intent FROM intent").get();
    return row === undefined ? undefined : (JSON.parse(String(row["intent"])) as LoadIntent);
  }

  begin(intent: LoadIntent): void {
    this.#db.prepare("INSERT INTO intent VALUES (1, ?)").run(JSON.stringify(intent));
  }

  /** Moves positions and forgets the intent, together. */
  commit(positions: readonly ReaderPosition[]): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const set = this.#db.prepare("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)");
      for (const { topic, partition, offset } of positions) set.run(topic, partition, offset);
      this.#db.exec("DELETE FROM intent");
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }
}
