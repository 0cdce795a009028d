import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as testing from "./testing.ts";

test("the contract suite of every port is public", () => {
  const folder = fileURLToPath(new URL("./storage/", import.meta.url));
  const suites = globSync("*/*.suite.ts", { cwd: folder }).map((path) => {
    const port = basename(path, ".suite.ts");
    return `${port.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}Suite`;
  });
  const exported = Object.keys(testing).filter((name) => name.endsWith("Suite"));
  assert.deepEqual(exported.toSorted(), suites.toSorted());
});
