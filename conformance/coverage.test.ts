import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { coverageOf, idleReasons, variantsOf } from "./coverage.ts";
import { coveragePage } from "./coverage-page.ts";
import { GAPS } from "./gaps.ts";
import { loadCases } from "./load-case.ts";

const cases = await loadCases();

test("every construct meets every hazard in a case, or a reason says why not", () => {
  const empty = coverageOf(cases)
    .filter(({ cases: shown, reason }) => shown.length === 0 && reason === undefined)
    .map(({ construct, hazard }) => `${construct} × ${hazard}`);
  assert.deepEqual(empty, []);
});

test("a reason goes when a case comes", () => {
  assert.deepEqual(idleReasons(coverageOf(cases)), []);
});

test("every variant of a construct is in some case", () => {
  const unused = [...variantsOf(cases)].filter(([, used]) => used.length === 0);
  assert.deepEqual(unused, []);
});

test("every gap is about a case", () => {
  const names = new Set(cases.map((each) => each.name));
  assert.deepEqual(
    GAPS.filter((gap) => !names.has(gap.case)),
    [],
  );
});

test("docs/specs/conformance.md is current (node conformance/print-coverage.ts)", () => {
  const path = join(import.meta.dirname, "..", "docs", "specs", "conformance.md");
  assert.equal(readFileSync(path, "utf8"), coveragePage(cases));
});
