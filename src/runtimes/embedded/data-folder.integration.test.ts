import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { adminKeyOf, openDataFolder } from "./data-folder.ts";

test("the admin key is made once, for its owner only", () => {
  const dir = mkdtempSync(join(tmpdir(), "millrace-folder-"));
  const folder = openDataFolder(dir);
  const key = adminKeyOf(folder, undefined);
  assert.match(key, /^[0-9a-f]{48}$/);
  assert.equal(adminKeyOf(folder, undefined), key);
  assert.equal(adminKeyOf(folder, "set"), "set");
  assert.equal(statSync(folder.adminKeyFile).mode & 0o777, 0o600);
  rmSync(dir, { recursive: true });
});

test("a key file that a crash left empty is no key", () => {
  const dir = mkdtempSync(join(tmpdir(), "millrace-folder-"));
  const folder = openDataFolder(dir);
  writeFileSync(folder.adminKeyFile, "");
  const key = adminKeyOf(folder, undefined);
  assert.match(key, /^[0-9a-f]{48}$/);
  assert.equal(adminKeyOf(folder, undefined), key);
  rmSync(dir, { recursive: true });
});
