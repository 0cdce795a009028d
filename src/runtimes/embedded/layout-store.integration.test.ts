import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Layout } from "../../language/schema/layout.ts";
import { LayoutStore } from "./layout-store.ts";

const layout = (id: string): Layout => ({ id, columns: [] });

test("layouts keep their numbers, in this process and in the next", () => {
  const dir = mkdtempSync(join(tmpdir(), "millrace-layouts-"));
  const path = join(dir, "layouts.jsonl");
  const store = new LayoutStore(path);
  assert.deepEqual([store.numberOf(layout("a")), store.numberOf(layout("b"))], [1, 2]);
  assert.equal(store.numberOf(layout("a")), 1);
  const next = new LayoutStore(path);
  assert.equal(next.layoutOf(2).id, "b");
  assert.throws(() => next.layoutOf(3), { code: "STORAGE_CORRUPT" });
  rmSync(dir, { recursive: true });
});

test("a line that was torn by a crash is cut off before the next is written", () => {
  const dir = mkdtempSync(join(tmpdir(), "millrace-layouts-"));
  const path = join(dir, "layouts.jsonl");
  new LayoutStore(path).numberOf(layout("a"));
  appendFileSync(path, '{"id":"torn","col');
  assert.equal(new LayoutStore(path).numberOf(layout("b")), 2);
  const next = new LayoutStore(path);
  assert.equal(next.layoutOf(1).id, "a");
  assert.equal(next.layoutOf(2).id, "b");
  rmSync(dir, { recursive: true });
});
