import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { dimensionSuite, type DimensionUnderTest } from "../dimension.suite.ts";
import { openEmbeddedDimension } from "./embedded-dimension.ts";

function bed(): DimensionUnderTest {
  const folder = mkdtempSync(join(tmpdir(), "millrace-dimension-"));
  return {
    open: () => openEmbeddedDimension(join(folder, "dimensions.db")),
    dispose: () => rmSync(folder, { recursive: true }),
  };
}

dimensionSuite("SQLite", bed);

test("more rows than fit in memory are still found, and absent ones are absent", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-dimension-"));
  const open = () => openEmbeddedDimension(join(folder, "dimensions.db"), 100);
  let store = open();
  const check = (rows: number): void => {
    for (let n = 0; n < 300; n++) {
      assert.equal(store.get("users", `user-${n}`), n < rows ? `{"n":${n}}` : undefined);
      assert.equal(store.get("others", `user-${n}`), undefined);
    }
  };
  for (let n = 0; n < 250; n++) {
    if (n === 40 || n === 150) check(n);
    store.apply([{ table: "users", key: `user-${n}`, timeMs: 1, row: `{"n":${n}}` }], []);
    if (n !== 60) continue;
    store.close();
    store = open();
    check(61);
  }
  check(250);
  store.close();
  store = open();
  check(250);
  store.close();
  rmSync(folder, { recursive: true });
});
