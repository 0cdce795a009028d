import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { randomHex } from "../../core/random.ts";
import { writePrivateFile } from "./private-file.ts";

/** Where the parts of an embedded runtime keep their data, below one folder. */
export interface DataFolder {
  readonly root: string;
  readonly warehouse: string;
  readonly lake: string;
  readonly load: string;
  readonly lakeWriter: string;
  readonly stream: string;
  readonly batch: string;
  readonly registry: string;
  readonly dimensions: string;
  readonly keys: string;
  readonly imports: string;
  readonly layouts: string;
  readonly adminKeyFile: string;
  /** What the running process listens on, for the other commands. */
  readonly runningFile: string;
}

/** The places below a root; makes the root. */
export function openDataFolder(root: string): DataFolder {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const at = (name: string): string => join(root, name);
  return {
    root,
    warehouse: at("warehouse"),
    lake: at("lake"),
    load: at("load"),
    lakeWriter: at("lake-writer"),
    stream: at("stream"),
    batch: at("batch"),
    registry: at("registry.db"),
    dimensions: at("dimensions.db"),
    imports: at("imports.db"),
    keys: at("write-keys.json"),
    layouts: at("layouts.jsonl"),
    adminKeyFile: at("admin-key"),
    runningFile: at("running.json"),
  };
}

/** The admin key: the one that is set, or the one in the file, made at the first start. */
export function adminKeyOf(folder: DataFolder, set: string | undefined): string {
  if (set !== undefined) return set;
  const kept = keyIn(folder.adminKeyFile);
  if (kept !== "") return kept;
  const made = randomHex(24);
  writePrivateFile(folder.adminKeyFile, `${made}\n`);
  return made;
}

/** An empty file is what a crash may leave of a key: it isn't one. */
function keyIn(file: string): string {
  if (!existsSync(file)) return "";
  chmodSync(file, 0o600);
  return readFileSync(file, "utf8").trim();
}
