import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, resolve } from "node:path";
import type { DiskModel } from "./disk-model.ts";

/**
 * Tells a disk's model of everything that this process does to files through `node:fs`, until the
 * result is called. (SQLite and the warehouse write by themselves: only a trace sees them.)
 */
export function watchFiles(disk: DiskModel): () => void {
  const { openSync, writeSync, writeFileSync, fsyncSync, renameSync, mkdirSync } = fs;
  const paths = new Map<number, string>();
  const opened = (path: fs.PathLike): string => {
    const at = resolve(String(path));
    if (!fs.existsSync(at)) disk.created(at);
    return at;
  };
  fs.openSync = ((path: fs.PathLike, flags: fs.OpenMode, mode?: fs.Mode) => {
    const at = opened(path);
    const file = openSync(path, flags, mode);
    paths.set(file, at);
    return file;
  }) as typeof fs.openSync;
  fs.writeSync = (file: number, ...rest: unknown[]) => {
    const path = paths.get(file);
    if (path !== undefined) disk.wrote(path);
    return (writeSync as (...all: unknown[]) => number)(file, ...rest);
  };
  fs.writeFileSync = ((path: fs.PathLike, ...rest: [string]) => {
    disk.wrote(opened(path));
    writeFileSync(path, ...rest);
  }) as typeof fs.writeFileSync;
  fs.fsyncSync = (file) => {
    const began = disk.syncBegan();
    fsyncSync(file);
    const path = paths.get(file);
    if (path !== undefined) disk.syncEnded(path, began);
  };
  fs.renameSync = (from, to) => {
    renameSync(from, to);
    disk.renamed(resolve(String(from)), resolve(String(to)));
  };
  fs.mkdirSync = ((path: fs.PathLike, ...rest: [fs.MakeDirectoryOptions?]) => {
    for (let at = resolve(String(path)); !fs.existsSync(at); at = dirname(at)) disk.created(at);
    return mkdirSync(path, ...rest);
  }) as typeof fs.mkdirSync;
  syncBuiltinESMExports();
  return () => {
    Object.assign(fs, { openSync, writeSync, writeFileSync, fsyncSync, renameSync, mkdirSync });
    syncBuiltinESMExports();
  };
}
