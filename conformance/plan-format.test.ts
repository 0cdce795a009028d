import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { canonicalJson } from "../src/core/canonical-json.ts";
import { checkPlan } from "../src/language/plan/check/check-plan.ts";
import { parsePlan, serialisePlan } from "../src/language/plan/plan-json.ts";
import { CONSTRUCTS, VARIANTS } from "./construct.ts";
import { loadCases } from "./load-case.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/specs/plan-format.md"), "utf8");

test("the example is the plan of its definition, valid and stable", async () => {
  const example = /```json\n(.*?)```/s.exec(page)![1]!;
  const plan = parsePlan(example);
  assert.deepEqual(checkPlan(plan), []);
  assert.equal(serialisePlan(plan), canonicalJson(JSON.parse(example)));
  const cases = await loadCases();
  assert.deepEqual(plan, cases.find((each) => each.name === "tumbling-edges")!.plan);
});

test("the page names every kind and every variant", () => {
  const names = [...Object.keys(CONSTRUCTS), ...Object.keys(VARIANTS)].map((each) =>
    each.split(" ").at(-1)!,
  );
  assert.deepEqual(
    names.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});
