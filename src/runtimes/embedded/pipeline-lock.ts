import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import { MillraceError } from "../../core/errors.ts";
import { lockFolder, type FolderLock } from "../../storage/log/embedded/folder-lock.ts";

const WAIT_MS_MAX = 30_000;
const AGAIN_MS = 50;

/**
 * Takes the one place of the process behind the log in a folder. Where the main process was killed,
 * the pipeline that it had started ends by itself, but may be held up: until it is gone nobody else
 * may move its positions. `STORAGE_LOCKED` when it isn't within `waitMs`.
 */
export async function lockPipeline(
  dir: string,
  clock: Clock,
  waitMs = WAIT_MS_MAX,
): Promise<FolderLock> {
  mkdirSync(dir, { recursive: true });
  for (const endMs = clock.monotonicMs() + waitMs; ; await sleep(AGAIN_MS)) {
    try {
      return lockFolder(dir);
    } catch (error) {
      const isTaken = error instanceof MillraceError && error.code === "STORAGE_LOCKED";
      if (!isTaken || clock.monotonicMs() >= endMs) throw error;
    }
  }
}
