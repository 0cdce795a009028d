import { dirname } from "node:path";

/**
 * What a disk that forgets has of files: only what was synced, content and name apart. A sync makes
 * durable what was done before it began; times are counts of what was seen.
 */
export class DiskModel {
  #now = 0;
  /** By path: when it was last written, and the begin of the last sync that has ended. */
  readonly #written = new Map<string, number>();
  readonly #synced = new Map<string, number>();
  /** By path: when its name came to its folder. */
  readonly #named = new Map<string, number>();

  /** Its name is new in its folder. */
  created(path: string): void {
    if (!this.#named.has(path)) this.#named.set(path, ++this.#now);
  }

  /** Gives the time of the write. */
  wrote(path: string): number {
    this.#written.set(path, ++this.#now);
    return this.#now;
  }

  /** Gives what `syncEnded` wants. */
  syncBegan(): number {
    return ++this.#now;
  }

  syncEnded(path: string, began: number): void {
    this.#synced.set(path, Math.max(began, this.#synced.get(path) ?? 0));
  }

  /** A file, or a folder with all that is in it, has another name. */
  renamed(from: string, to: string): void {
    for (const times of [this.#written, this.#synced, this.#named]) {
      for (const [path, time] of [...times]) {
        if (path !== from && !path.startsWith(`${from}/`)) continue;
        times.delete(path);
        times.set(to + path.slice(from.length), time);
      }
    }
    this.#named.set(to, ++this.#now);
  }

  /** Whether nothing of a file, or of the files in a folder, waits to be synced. */
  hasContent(path: string): boolean {
    return [...this.#written].every(
      ([each, time]) =>
        (each !== path && !each.startsWith(`${path}/`)) || this.#isSynced(each, time),
    );
  }

  /** Whether what was written then is synced. */
  hasWrite(path: string, time: number): boolean {
    return this.#isSynced(path, time);
  }

  /** Whether a name, and those of its folders as far as they are new, would be found again. */
  hasName(path: string): boolean {
    for (let at = path; at !== dirname(at); at = dirname(at)) {
      const time = this.#named.get(at);
      if (time !== undefined && !this.#isSynced(dirname(at), time)) return false;
    }
    return true;
  }

  isKnown(path: string): boolean {
    return this.#named.has(path);
  }

  #isSynced(path: string, time: number): boolean {
    return (this.#synced.get(path) ?? 0) > time;
  }
}
