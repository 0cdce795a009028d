import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { systemClock } from "../src/core/clock.ts";
import { withFolderLock } from "./folder-lock.ts";

/** Where fetched engines are kept: `MILLRACE_CACHE`, or `~/.cache/millrace`. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (env["MILLRACE_CACHE"]) return resolve(env["MILLRACE_CACHE"]);
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "millrace");
}

/**
 * A folder of the cache; where it isn't there, `make` fills a temporary one, which is renamed when
 * it is complete: a fetch that was cut off leaves nothing that looks finished.
 */
export async function cachedFolder(
  cache: string,
  name: string,
  tell: (text: string) => void,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const wanted = join(cache, name);
  if (existsSync(wanted)) return wanted;
  const waiting = (): void => tell(`another process is fetching ${name}: waiting for it`);
  return withFolderLock(join(cache, "locks", basename(name)), waiting, async () => {
    if (existsSync(wanted)) return wanted;
    const unfinished = `${wanted}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    const startedMs = systemClock.monotonicMs();
    tell(`fetching ${name}`);
    const stop = tellGrowth(unfinished, (bytes) => tell(`fetching ${name}: ${megabytes(bytes)}`));
    try {
      await make(unfinished);
    } finally {
      stop();
    }
    renameSync(unfinished, wanted);
    const seconds = ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(0);
    tell(`fetched ${name}: ${megabytes(bytesIn(wanted))} in ${seconds} s`);
    return wanted;
  });
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

const GROWTH_EVERY_MS = 5_000;

function tellGrowth(folder: string, tell: (bytes: number) => void): () => void {
  let last = 0;
  const timer = setInterval(() => {
    const bytes = bytesIn(folder);
    if (bytes > last) tell(bytes);
    last = bytes;
  }, GROWTH_EVERY_MS);
  return () => clearInterval(timer);
}

/** Bytes of the files below a folder; those that vanish meanwhile don't count. */
function bytesIn(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}
