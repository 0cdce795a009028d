import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

const ASK_AGAIN_MS = 100;

/**
 * Does `work` while no other process has the folder's lock. The lock is SQLite's, on an empty
 * database: the system gives it back when its holder dies, however it dies.
 */
export async function withFolderLock<Result>(
  folder: string,
  tellWaiting: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, "lock.db"), { timeout: 0 });
  try {
    for (let attempt = 0; !begin(database); attempt += 1) {
      if (attempt === 0) tellWaiting();
      await delay(ASK_AGAIN_MS);
    }
    return await work();
  } finally {
    database.close();
  }
}

function begin(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (thrown) {
    // SQLITE_BUSY: another process has it.
    if ((thrown as { errcode?: number }).errcode === 5) return false;
    throw thrown;
  }
}
