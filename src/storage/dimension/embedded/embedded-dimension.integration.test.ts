import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LIMITS } from "../../../core/limits.ts";
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

test("more keys than fit in memory are still found", () => {
  const own = bed();
  const store = own.open();
  store.apply([{ table: "users", key: "real", timeMs: 1, row: "{}" }], []);
  for (let n = 0; n <= LIMITS.dimensionEntriesMax; n++) store.get("users", `nobody-${n}`);
  assert.equal(store.get("users", "real"), "{}");
  store.close();
  own.dispose();
});
