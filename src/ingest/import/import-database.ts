import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { addProblem, addTally, NO_PROGRESS } from "./import-progress.ts";
import type { ImportName, ImportProblem, ImportProgress, ImportTally } from "./import-progress.ts";
import type { ImportStep, ImportStore, PendingStep } from "./import-store.ts";
import { RowBits } from "./row-bits.ts";

/** Rows whose bits are kept together. */
const CHUNK_ROWS = 65_536;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS imports (
  file TEXT NOT NULL,               -- SHA-256 of its bytes
  topic TEXT NOT NULL,
  reading TEXT NOT NULL,            -- names the map and the zone
  rows INTEGER NOT NULL,            -- done with: 1 to this
  tally TEXT NOT NULL,              -- JSON: what became of them
  problems TEXT NOT NULL,           -- JSON: those not taken, by reason
  complete INTEGER NOT NULL,
  PRIMARY KEY (file, topic, reading)
) STRICT, WITHOUT ROWID;

-- Which rows of a file are in the log, however they were read.
CREATE TABLE IF NOT EXISTS taken (
  file TEXT NOT NULL,
  topic TEXT NOT NULL,
  chunk INTEGER NOT NULL,           -- rows from chunk * ${CHUNK_ROWS} + 1 on
  bits BLOB NOT NULL,
  PRIMARY KEY (file, topic, chunk)
) STRICT, WITHOUT ROWID;

-- The batch on its way into the log, at most one for a file and topic.
CREATE TABLE IF NOT EXISTS pending (
  file TEXT NOT NULL,
  topic TEXT NOT NULL,
  step TEXT NOT NULL,               -- JSON
  PRIMARY KEY (file, topic)
) STRICT, WITHOUT ROWID;
`;

/** Opens (makes) the database of imports. */
export const openImportDatabase = (path: string): ImportStore => new ImportDatabase(path);

class ImportDatabase implements ImportStore {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#db = new DatabaseSync(path, { timeout: 5_000 });
    this.#db.exec("PRAGMA journal_mode = WAL");
    this.#db.exec("PRAGMA synchronous = FULL");
    this.#db.exec("PRAGMA fullfsync = ON"); // macOS: through the disk's own cache
    this.#db.exec(SCHEMA);
  }

  progress({ file, topic, reading }: ImportName): ImportProgress {
    const row = this.#get(
      "SELECT * FROM imports WHERE file = ? AND topic = ? AND reading = ?",
      file,
      topic,
      reading,
    );
    if (row === undefined) return NO_PROGRESS;
    const tally = JSON.parse(String(row["tally"])) as ImportTally;
    const problems = JSON.parse(String(row["problems"])) as ImportProblem[];
    return { rows: Number(row["rows"]), ...tally, complete: row["complete"] === 1, problems };
  }

  taken(name: ImportName, first: number, count: number): RowBits {
    const bits = RowBits.of(count);
    this.#chunks(name, first, count, (chunk, from, index, rows) => {
      for (let at = 0; at < rows; at++) if (chunk.has(from + at)) bits.add(index + at);
      return false;
    });
    return bits;
  }

  pending({ file, topic }: ImportName): PendingStep | undefined {
    const row = this.#get("SELECT step FROM pending WHERE file = ? AND topic = ?", file, topic);
    if (row === undefined) return undefined;
    const step = JSON.parse(String(row["step"])) as Omit<PendingStep, "taken"> & { taken: string };
    return { ...step, taken: new RowBits(Buffer.from(step.taken, "base64")) };
  }

  begin({ file, topic }: ImportName, step: PendingStep): void {
    const text = { ...step, taken: Buffer.from(step.taken.bytes).toString("base64") };
    this.#run("INSERT OR REPLACE INTO pending VALUES (?, ?, ?)", file, topic, JSON.stringify(text));
  }

  commit(name: ImportName, step: ImportStep): void {
    this.#transaction(() => {
      const before = this.progress(name);
      const tally = tallyOf(before);
      addTally(tally, step.tally);
      const problems = before.problems.map((each) => ({ ...each }));
      for (const problem of step.problems) addProblem(problems, problem);
      this.#save(name, step.first + step.count - 1, tally, problems, before.complete);
      this.#chunks(name, step.first, step.count, (chunk, from, index, rows) => {
        for (let at = 0; at < rows; at++) if (step.taken.has(index + at)) chunk.add(from + at);
        return true;
      });
      this.cancel(name);
    });
  }

  cancel({ file, topic }: ImportName): void {
    this.#run("DELETE FROM pending WHERE file = ? AND topic = ?", file, topic);
  }

  complete(name: ImportName): void {
    const { rows, problems, ...rest } = this.progress(name);
    this.#save(name, rows, tallyOf(rest), problems, true);
  }

  close(): void {
    this.#db.close();
  }

  #save(
    { file, topic, reading }: ImportName,
    rows: number,
    tally: ImportTally,
    problems: readonly ImportProblem[],
    complete: boolean,
  ): void {
    this.#run(
      "INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?, ?, ?, ?)",
      file,
      topic,
      reading,
      rows,
      JSON.stringify(tally),
      JSON.stringify(problems),
      complete ? 1 : 0,
    );
  }

  /**
   * Goes over the chunks that hold rows `[first, first + count)`: `visit(chunk, from, index, rows)`
   * gets the position in the chunk, the index in the range and how many; true: it changed them.
   */
  #chunks(
    { file, topic }: ImportName,
    first: number,
    count: number,
    visit: (chunk: RowBits, from: number, index: number, rows: number) => boolean,
  ): void {
    for (let index = 0; index < count;) {
      const zeroBased = first - 1 + index;
      const number = Math.floor(zeroBased / CHUNK_ROWS);
      const from = zeroBased % CHUNK_ROWS;
      const rows = Math.min(count - index, CHUNK_ROWS - from);
      const row = this.#get(
        "SELECT bits FROM taken WHERE file = ? AND topic = ? AND chunk = ?",
        file,
        topic,
        number,
      );
      const stored = row?.["bits"];
      const chunk =
        stored instanceof Uint8Array ? new RowBits(new Uint8Array(stored)) : RowBits.of(CHUNK_ROWS);
      if (visit(chunk, from, index, rows)) {
        this.#run(
          "INSERT OR REPLACE INTO taken VALUES (?, ?, ?, ?)",
          file,
          topic,
          number,
          chunk.bytes,
        );
      }
      index += rows;
    }
  }

  #transaction(body: () => void): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      body();
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #get(sql: string, ...values: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.#statement(sql).get(...values);
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#statement(sql).run(...values);
  }
}

const tallyOf = (from: Readonly<ImportTally>): ImportTally => ({
  accepted: from.accepted,
  duplicate: from.duplicate,
  quarantined: from.quarantined,
  refused: from.refused,
  skipped: from.skipped,
});
