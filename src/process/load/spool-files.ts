import { mkdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { LIMITS } from "../../core/limits.ts";

/**
 * Paths for spools in a folder of their own, used again and again: to write over a file is cheaper
 * than to free its pages and to fill new ones. What an earlier process left is removed.
 */
export class SpoolFiles {
  readonly #dir: string;
  readonly #idle: string[] = [];
  #made = 0;

  constructor(dir: string) {
    this.#dir = join(dir, "spools");
    rmSync(this.#dir, { recursive: true, force: true });
    mkdirSync(this.#dir, { recursive: true });
  }

  /** A path; there may be a file, to be written over. */
  take(): string {
    return this.#idle.pop() ?? join(this.#dir, `${this.#made++}.rows`);
  }

  giveBack(path: string): void {
    if (this.#idle.length < LIMITS.spoolFilesIdleMax) this.#idle.push(path);
    else rmSync(path, { force: true });
  }

  /** Of a file that the engine may still be reading: it keeps what it has, nobody writes over it. */
  discard(path: string): void {
    rmSync(path, { force: true });
  }

  /** Removes what waits to be used again: it takes up room. */
  clear(): void {
    for (const path of this.#idle.splice(0)) rmSync(path, { force: true });
  }
}

/** What a supply of files does. */
export type SpoolFileSupply = Pick<SpoolFiles, keyof SpoolFiles>;

/** Files of one folder as the engine's `file` names them, in this order. */
export function globOf(paths: readonly string[]): string {
  const [first] = paths;
  if (first === undefined || paths.length === 1) return first ?? "";
  return `${dirname(first)}/{${paths.map((path) => basename(path)).join(",")}}`;
}
