import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDocuments } from "./check-documents.ts";

const findingsOf = (files: Record<string, string>): string[] =>
  checkDocuments(new Map(Object.entries(files)), {
    errorCodes: ["NOT_FOUND"],
    limits: { bodyBytesMax: 8192 },
  }).map(({ what }) => what);

const errors = "# Errors\n\n## NOT_FOUND\n";
const limits = "# Limits\n\n| `bodyBytesMax` | 8,192 | a body |\n";
const good = { "docs/reference/errors.md": errors, "docs/reference/limits.md": limits };

test("pages that agree with the sources are fine", () => assert.deepEqual(findingsOf(good), []));

test("a code without a heading and a heading without a code are found", () => {
  const page = "# Errors\n\n## GONE_AWAY\n";
  assert.deepEqual(findingsOf({ ...good, "docs/reference/errors.md": page }), [
    "NOT_FOUND isn't documented",
    "GONE_AWAY is documented but isn't a code",
  ]);
});

test("a limit that is missing, unknown or has another value is found", () => {
  const page = "# Limits\n| `otherMax` | 1 | x |\n";
  assert.deepEqual(findingsOf({ ...good, "docs/reference/limits.md": page }), [
    "otherMax isn't a limit",
    "the limit bodyBytesMax isn't documented",
  ]);
  const wrong = limits.replace("8,192", "8,000");
  assert.deepEqual(findingsOf({ ...good, "docs/reference/limits.md": wrong }), [
    "bodyBytesMax is 8192, not 8,000",
  ]);
});

test("a document has one title; a # in a code block is none", () => {
  assert.deepEqual(findingsOf({ ...good, "a.md": "# A\n```\n# no\n```\n" }), []);
  assert.deepEqual(findingsOf({ ...good, "a.md": "# A\n# B\n" }), ["the document has 2 titles"]);
  assert.deepEqual(findingsOf({ ...good, "a.md": "A\n" }), ["the document has 0 titles"]);
});
