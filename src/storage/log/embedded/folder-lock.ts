import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { MillraceError } from "../../../core/errors.ts";
import { sqliteCode } from "./sqlite-error.ts";

export interface FolderLock {
  release(): void;
}

/**
 * Takes the one writer's place in a folder. It is an exclusive transaction on an empty SQLite file,
 * hence an advisory lock of the operating system (SQLite's own, between threads too), which is gone
 * when the process is, however it ends. `STORAGE_LOCKED` names the process that has it.
 */
export function lockFolder(dir: string): FolderLock {
  const ownerFile = `${dir}/writer.pid`;
  const db = new DatabaseSync(`${dir}/writer.lock`, { timeout: 0 });
  try {
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if (sqliteCode(error) !== 5) throw error;
    throw new MillraceError("STORAGE_LOCKED", `${dir} is in use by ${owner(ownerFile)}`, {
      hint: "stop that process, or use another data folder (MILLRACE_DATA)",
      cause: error,
    });
  }
  writeFileSync(ownerFile, `${process.pid}\n`);
  return { release: () => db.close() };
}

function owner(file: string): string {
  try {
    return `process ${readFileSync(file, "utf8").trim()}`;
  } catch {
    return "another process";
  }
}
