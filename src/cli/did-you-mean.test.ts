import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, nearest } from "./did-you-mean.ts";

test("edit distance counts insertions, deletions, changes and swaps", () => {
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("abc", "abc"), 0);
  assert.equal(editDistance("query", "qurey"), 1);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

test("only a near word is meant", () => {
  assert.equal(nearest("improt", ["init", "import"]), "import");
  assert.equal(nearest("deploy", ["init", "import"]), undefined);
});
