import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import shop from "../../../../examples/shop/pipeline.ts";
import { flinkText } from "./compile-flink.ts";

/** To accept a change: `UPDATE_GOLDEN=1 node --test golden.test.ts`, then read the difference. */
test("the shop's SQL for Flink is what was accepted", async () => {
  const file = new URL("golden/shop.sql", import.meta.url);
  const text = flinkText(shop.plan);
  if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(file, text);
  assert.equal(text, await readFile(file, "utf8"));
});
