import { existsSync, readFileSync, writeFileSync } from "node:fs";
import {
  writeKeyRecord,
  type WriteKeyRecord,
  type WriteKeyStore,
} from "../../ingest/keys/write-keys.ts";

/**
 * The records of write keys in a file: hashes only. Keys that are set now are added; the file keeps
 * those of earlier starts out, so that a changed key stops the old one.
 */
export function writeKeyFile(
  path: string,
  keys: readonly { readonly name: string; readonly key: string }[],
): WriteKeyStore {
  const records: readonly WriteKeyRecord[] = keys.map(({ name, key }) => writeKeyRecord(key, name));
  const text = `${JSON.stringify(records, null, 2)}\n`;
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
    writeFileSync(path, text, { mode: 0o600 });
  }
  return { records: () => records };
}
