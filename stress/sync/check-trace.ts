import assert from "node:assert/strict";
import { join } from "node:path";
import { DiskModel } from "./disk-model.ts";
import { systemCalls } from "./system-calls.ts";

/** How often each promise was looked at. */
export interface Checked {
  readonly acknowledged: Set<string>;
  lakeFiles: number;
  lakeCommits: number;
  parts: number;
}

/**
 * Follows a trace of the whole pipeline and asserts, at the moment of each promise, that a disk that
 * forgets what isn't synced could keep it:
 *
 * - an event is acknowledged: the log's write that has it is synced, names of log and layouts too;
 * - a file is moved into the lake: its bytes are synced; the manifest names it: so is its name;
 * - the warehouse puts a part in place: its files are synced.
 *
 * `ids` are texts that stand nowhere but in the events.
 */
export function checkTrace(
  lines: Iterable<string>,
  dataDir: string,
  ids: readonly string[],
): Checked {
  const disk = new DiskModel();
  const wal = join(dataDir, "log/log.db-wal");
  const layouts = join(dataDir, "layouts.jsonl");
  const lake = join(dataDir, "lake");
  const inLog = new Map<string, number>();
  const began = new Map<string, number>();
  const moved = new Set<string>();
  const checked: Checked = { acknowledged: new Set(), lakeFiles: 0, lakeCommits: 0, parts: 0 };

  const acknowledge = (text: string): void => {
    for (const id of ids.filter((each) => text.includes(`${each}\\",\\"status`))) {
      const written = inLog.get(id);
      assert.ok(written !== undefined, `${id} was acknowledged before it was written to the log`);
      assert.ok(disk.hasWrite(wal, written), `${id} was acknowledged before its sync`);
      for (const path of [join(dataDir, "log/log.db"), wal, layouts]) {
        assert.ok(disk.isKnown(path) && disk.hasName(path), `${path} could be forgotten`);
      }
      assert.ok(disk.hasContent(layouts), "layouts are synced");
      checked.acknowledged.add(id);
    }
  };
  const write = (path: string, text: string): void => {
    if (path.startsWith("socket:")) return acknowledge(text);
    if (!path.startsWith(dataDir)) return;
    const time = disk.wrote(path);
    if (path === wal) {
      for (const id of ids) if (!inLog.has(id) && text.includes(id)) inLog.set(id, time);
    }
    if (path !== join(lake, "lake.db-wal")) return;
    for (const file of [...moved].filter((each) => text.includes(each.slice(lake.length + 1)))) {
      assert.ok(disk.hasName(file), `the manifest names ${file} before its name is synced`);
      moved.delete(file);
      checked.lakeCommits++;
    }
  };
  const rename = (path: string, to: string): void => {
    if (path.startsWith(lake)) {
      assert.ok(disk.hasContent(path), `${path} is moved before it is synced`);
      if (to.endsWith(".parquet")) {
        moved.add(to);
        checked.lakeFiles++;
      }
    }
    if (path.includes("/tmp_insert_")) {
      assert.ok(
        disk.hasContent(path.replace(/\/$/, "")),
        `${path} is in place before it is synced`,
      );
      checked.parts++;
    }
    disk.renamed(path.replace(/\/$/, ""), to.replace(/\/$/, ""));
  };

  for (const call of systemCalls(lines)) {
    if (call.kind === "wrote") write(call.path, call.text);
    else if (call.kind === "renamed") rename(call.path, call.to);
    else if (call.kind === "created") {
      if (call.path.startsWith(dataDir)) disk.created(call.path.replace(/\/$/, ""));
    } else if (call.kind === "syncBegan") began.set(call.thread, disk.syncBegan());
    else disk.syncEnded(call.path, began.get(call.thread)!);
  }
  return checked;
}
