import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../../core/clock.ts";
import { MillraceError } from "../../../core/errors.ts";
import type { LakeFile, LakeFilesQuery, LakePosition, LakeReader } from "../lake.ts";
import { fileOf, manifestFile, openLakeDatabase, positionOf } from "./lake-database.ts";

/** Opens a lake's manifest beside its writer. `NOT_READY` while no writer has made it. */
export function openEmbeddedLakeReader(dir: string, clock: Clock): EmbeddedLakeReader {
  if (!existsSync(manifestFile(dir))) {
    throw new MillraceError("NOT_READY", `there is no lake at ${dir} yet`, {
      hint: "the lake writer makes it when it starts",
    });
  }
  return new EmbeddedLakeReader(dir, openLakeDatabase(dir), clock);
}

/** Reads the manifest; each call is one snapshot. */
export class EmbeddedLakeReader implements LakeReader {
  protected readonly dir: string;
  protected readonly db: DatabaseSync;
  protected readonly clock: Clock;

  constructor(dir: string, db: DatabaseSync, clock: Clock) {
    this.dir = dir;
    this.db = db;
    this.clock = clock;
  }

  async files(query: LakeFilesQuery): Promise<LakeFile[]> {
    return this.listed(query);
  }

  /** What `files` gives. */
  protected listed({ topic, fromDay = "", toDay = "~" }: LakeFilesQuery): LakeFile[] {
    return this.db
      .prepare(
        `SELECT * FROM files WHERE topic = ? AND date >= ? AND date <= ?
         ORDER BY date, partition, from_offset`,
      )
      .all(topic, fromDay, toDay)
      .map((row) => fileOf(this.dir, row));
  }

  async coverage(topic: string): Promise<LakePosition[]> {
    return this.covered(topic);
  }

  /** What `coverage` gives. */
  protected covered(topic: string): LakePosition[] {
    return this.db
      .prepare("SELECT * FROM positions WHERE topic = ? ORDER BY partition")
      .all(topic)
      .map(positionOf);
  }

  async find(topic: string, partition: number, offset: number): Promise<LakeFile[]> {
    return this.db
      .prepare(
        `SELECT * FROM files WHERE topic = ? AND partition = ? AND to_offset > ?
         AND from_offset <= ? ORDER BY date`,
      )
      .all(topic, partition, offset, offset)
      .map((row) => fileOf(this.dir, row));
  }

  async hold(topic: string, forMs: number): Promise<() => Promise<void>> {
    const { lastInsertRowid } = this.db
      .prepare("INSERT INTO holds (topic, until) VALUES (?, ?)")
      .run(topic, Math.ceil(this.clock.nowMs() + forMs));
    return async () => void this.db.prepare("DELETE FROM holds WHERE id = ?").run(lastInsertRowid);
  }

  close(): void {
    this.db.close();
  }
}
