import { asMillraceError, MillraceError } from "../../../core/errors.ts";

const FULL = 13;
const BUSY = 5;
const LOCKED = 6;
const IO_ERROR = 10;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** SQLite's primary result code of an error that `node:sqlite` threw; `undefined` for others. */
export function sqliteCode(thrown: unknown): number | undefined {
  if (typeof thrown !== "object" || thrown === null || !("errcode" in thrown)) return undefined;
  return typeof thrown.errcode === "number" ? thrown.errcode & 0xff : undefined;
}

/** Whether the database can't be trusted to go on: what is on disk is unknown until it is reopened. */
export const isFatal = (thrown: unknown): boolean =>
  [IO_ERROR, CORRUPT, NOT_A_DATABASE].includes(sqliteCode(thrown) ?? 0);

/** What SQLite said, in our words; `file` is where. */
export function storageError(thrown: unknown, file: string): MillraceError {
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  switch (sqliteCode(thrown)) {
    case FULL:
      return new MillraceError(
        "STORAGE_FULL",
        `no room left to write ${file}; nothing was stored`,
        {
          hint: "free space on this disk, or lower the log's retention, then send again",
          cause: thrown,
        },
      );
    case BUSY:
    case LOCKED:
      return new MillraceError("STORAGE_LOCKED", `another process holds ${file}`, {
        hint: "stop the other process, or use another data folder (MILLRACE_DATA)",
        cause: thrown,
      });
    case CORRUPT:
    case NOT_A_DATABASE:
      return new MillraceError("STORAGE_CORRUPT", `${file} is damaged: ${said}`, {
        hint: "restore it from a backup; keep the damaged file for examination",
        cause: thrown,
      });
    case IO_ERROR:
      return new MillraceError("STORAGE_FAILED", `the disk failed at ${file}: ${said}`, {
        hint: "check the disk, then start again: what was acknowledged is kept",
        cause: thrown,
      });
    default:
      return asMillraceError(thrown);
  }
}
