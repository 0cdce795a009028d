import { renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Clock } from "../../../core/clock.ts";
import { assert, MillraceError } from "../../../core/errors.ts";
import type {
  LakeFile,
  LakeFormat,
  LakeMerge,
  LakePosition,
  LakeRange,
  LakeWriterPort,
  MergeQuery,
  StagedFile,
} from "../lake.ts";
import { planMerges } from "../plan-merges.ts";
import { emptyFolder, makeFolder, replaceFile, sync } from "./durable-files.ts";
import { EmbeddedLakeReader } from "./embedded-lake-reader.ts";
import { fileOf, openLakeDatabase, positionOf, rangeOf } from "./lake-database.ts";
import { dayFolder, fileName, stagingFolder } from "./lake-paths.ts";

export interface EmbeddedLakeOptions {
  /** The lake's own folder; an absolute path. */
  readonly dir: string;
  readonly clock: Clock;
  /** Of new files; readers take both. */
  readonly format?: LakeFormat;
  /** Called at named narrow points; tests kill the process there. */
  readonly crashPoint?: (name: LakeCrashPoint) => void;
}

/** The narrow points of a commit. */
export type LakeCrashPoint =
  | "between-file-and-rename"
  | "between-rename-and-manifest"
  | "between-manifest-and-listing";

/** Opens the lake of a folder for writing, making it when it isn't there. */
export function openEmbeddedLake(options: EmbeddedLakeOptions): EmbeddedLake {
  makeFolder(options.dir);
  return new EmbeddedLake(options);
}

/** The lake on a local disk; its manifest is SQLite. */
export class EmbeddedLake extends EmbeddedLakeReader implements LakeWriterPort {
  readonly #format: LakeFormat;
  readonly #crashPoint: (name: LakeCrashPoint) => void;

  constructor({ dir, clock, format = "parquet", crashPoint = () => {} }: EmbeddedLakeOptions) {
    super(dir, openLakeDatabase(dir), clock);
    this.#format = format;
    this.#crashPoint = crashPoint;
    this.#removeGarbage();
    this.#writeListings();
  }

  async positions(): Promise<LakePosition[]> {
    return this.db.prepare("SELECT * FROM positions").all().map(positionOf);
  }

  async pending(): Promise<LakeRange[]> {
    return this.#intents();
  }

  #intents(): LakeRange[] {
    return this.db.prepare("SELECT * FROM intents").all().map(rangeOf);
  }

  async begin(range: LakeRange): Promise<string> {
    const { topic, partition, from, to } = range;
    assert(to > from, `an empty range of ${topic}, partition ${partition}`);
    const pending = this.#intents().find((each) => isOf(each, range));
    if (pending === undefined) {
      this.#assertNext(range);
      this.db.prepare("INSERT INTO intents VALUES (?, ?, ?, ?)").run(topic, partition, from, to);
    } else {
      assert(
        pending.from === from && pending.to === to,
        `${topic}, partition ${partition}: [${from}, ${to}) begun while ` +
          `[${pending.from}, ${pending.to}) is pending`,
      );
    }
    return emptyFolder(stagingFolder(this.dir, range, "roll"));
  }

  async commit(range: LakeRange, staged: readonly StagedFile[]): Promise<LakeFile[]> {
    const { topic, partition, to } = range;
    const files = staged.map((each) => this.#place(range, each));
    this.#syncFolders(files);
    if (files.length > 0) this.#crashPoint("between-rename-and-manifest");
    this.#transaction(() => {
      this.#assertNext(range);
      for (const file of files) this.#insert(file);
      this.db
        .prepare("INSERT OR REPLACE INTO positions (topic, partition, offset) VALUES (?, ?, ?)")
        .run(topic, partition, to);
      this.db
        .prepare("DELETE FROM intents WHERE topic = ? AND partition = ?")
        .run(topic, partition);
    });
    rmSync(stagingFolder(this.dir, range, "roll"), { recursive: true, force: true });
    if (files.length > 0) this.#crashPoint("between-manifest-and-listing");
    this.#writeListings();
    return files;
  }

  async merges(query: MergeQuery): Promise<LakeMerge[]> {
    const rows = this.db
      .prepare("SELECT * FROM files ORDER BY topic, date, partition, from_offset")
      .all();
    return planMerges(
      rows.map((row) => fileOf(this.dir, row)),
      query,
    );
  }

  async beginMerge(merge: LakeMerge): Promise<string> {
    return emptyFolder(stagingFolder(this.dir, rangeOfMerge(merge), "merge"));
  }

  async commitMerge(merge: LakeMerge, staged: StagedFile): Promise<boolean> {
    const range = rangeOfMerge(merge);
    const rows = merge.files.reduce((sum, file) => sum + file.rows, 0);
    assert(rows === staged.rows, `a merge of ${rows} rows gave ${staged.rows}`);
    if (this.#isHeld(merge.topic)) return false;
    const merged = this.#target(range, staged);
    // Until the manifest names it, the merged file is garbage; from then on the others are.
    this.#addGarbage([merged]);
    this.#move(staged.path, merged.path);
    this.#syncFolders([merged]);
    this.#crashPoint("between-rename-and-manifest");
    const isSwapped = this.#transaction(() => {
      // Asked here, too: who holds from now on sees the new list.
      if (this.#isHeld(merge.topic)) return false;
      for (const { path } of merge.files) {
        const { changes } = this.db
          .prepare("DELETE FROM files WHERE path = ?")
          .run(this.#below(path));
        assert(changes === 1, `${path} isn't in the lake any more`);
      }
      this.db.prepare("DELETE FROM garbage WHERE path = ?").run(this.#below(merged.path));
      this.#insert(merged);
      this.#addGarbage(merge.files);
      return true;
    });
    this.#removeGarbage();
    rmSync(dirname(staged.path), { recursive: true, force: true });
    this.#writeListings();
    return isSwapped;
  }

  /** Moves a staged file to its place: synced, then renamed. */
  #place(range: LakeRange, staged: StagedFile): LakeFile {
    const file = this.#target(range, staged);
    this.#crashPoint("between-file-and-rename");
    this.#move(staged.path, file.path);
    return file;
  }

  #target(range: LakeRange, { path, ...contents }: StagedFile): LakeFile {
    return {
      ...range,
      ...contents,
      format: this.#format,
      bytes: statSync(path).size,
      path: join(dayFolder(this.dir, range.topic, contents.date), fileName(range, this.#format)),
    };
  }

  #move(from: string, to: string): void {
    sync(from);
    makeFolder(dirname(to));
    renameSync(from, to);
  }

  #syncFolders(files: readonly LakeFile[]): void {
    for (const folder of new Set(files.map(({ path }) => dirname(path)))) sync(folder);
  }

  #insert(file: LakeFile): void {
    const { topic, date, partition, from, to, format, rows, bytes } = file;
    const { minTime, maxTime, minReceivedAt, maxReceivedAt } = file;
    // prettier-ignore
    this.db.prepare("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").run(
      this.#below(file.path), topic, date, partition, from, to, format, rows, bytes,
      minTime, maxTime, minReceivedAt, maxReceivedAt,
    );
    this.db.prepare("INSERT OR IGNORE INTO stale VALUES (?, ?)").run(topic, date);
  }

  #assertNext({ topic, partition, from }: LakeRange): void {
    const position = this.covered(topic).find((each) => each.partition === partition);
    const next = position?.offset ?? from;
    assert(
      next === from,
      `${topic}, partition ${partition}: the lake ends at ${next}, not ${from}`,
    );
  }

  #isHeld(topic: string): boolean {
    const now = Math.floor(this.clock.nowMs());
    this.db.prepare("DELETE FROM holds WHERE until < ?").run(now);
    return this.db.prepare("SELECT 1 FROM holds WHERE topic = ?").get(topic) !== undefined;
  }

  #addGarbage(files: readonly LakeFile[]): void {
    const add = this.db.prepare("INSERT OR IGNORE INTO garbage VALUES (?)");
    for (const { path } of files) add.run(this.#below(path));
  }

  #removeGarbage(): void {
    for (const { path } of this.db.prepare("SELECT path FROM garbage").all()) {
      rmSync(join(this.dir, String(path)), { force: true });
      this.db.prepare("DELETE FROM garbage WHERE path = ?").run(path!);
    }
  }

  /** Writes `_manifest.json` of each day that changed: what outsiders can read of the manifest. */
  #writeListings(): void {
    for (const row of this.db.prepare("SELECT * FROM stale").all()) {
      const topic = String(row["topic"]);
      const date = String(row["date"]);
      const files = this.listed({ topic, fromDay: date, toDay: date });
      const listed = files.map(({ path, topic: _, date: __, ...rest }) => ({
        file: path.slice(dirname(path).length + 1),
        ...rest,
      }));
      const folder = dayFolder(this.dir, topic, date);
      makeFolder(folder);
      replaceFile(
        join(folder, "_manifest.json"),
        `${JSON.stringify({ topic, date, files: listed }, null, 1)}\n`,
      );
      this.db.prepare("DELETE FROM stale WHERE topic = ? AND date = ?").run(topic, date);
    }
  }

  #below(path: string): string {
    return relative(this.dir, path);
  }

  /** All of `write`, synced, or none of it. */
  #transaction<Result>(write: () => Result): Result {
    this.db.exec("BEGIN IMMEDIATE");
    try {
      const result = write();
      this.db.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.db.isTransaction) this.db.exec("ROLLBACK");
      if (error instanceof MillraceError) throw error;
      const said = error instanceof Error ? error.message : String(error);
      throw new MillraceError("STORAGE_FAILED", `the lake's manifest in ${this.dir}: ${said}`, {
        hint: "check the disk; the range is written again at the next start",
        cause: error,
      });
    }
  }
}

const isOf = (left: LakeRange, right: LakeRange): boolean =>
  left.topic === right.topic && left.partition === right.partition;

const rangeOfMerge = ({ topic, partition, files }: LakeMerge): LakeRange => ({
  topic,
  partition,
  from: Math.min(...files.map(({ from }) => from)),
  to: Math.max(...files.map(({ to }) => to)),
});
