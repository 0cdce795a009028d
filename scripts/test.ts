/**
 * `npm test`: the checks and every test there is. `npm test -- unit stress` runs those groups only.
 * The last line is `N passed, N failed`; a check that fails counts as a failure.
 */
import { runSteps, STEPS } from "./steps.ts";
import { testGroups } from "./test-groups.ts";
import { runTests } from "./test-run.ts";

const budgetMs = Number(process.env["TEST_BUDGET_MINUTES"] ?? 30) * 60_000;
const wanted = process.argv.slice(2);
const started = performance.now();
let passed = 0;
let failed = wanted.length === 0 ? (await runSteps(STEPS)).length : 0;
for (const group of testGroups()) {
  if (wanted.length > 0 && !wanted.includes(group.name)) continue;
  const left = Math.max(1_000, budgetMs - (performance.now() - started));
  const counts = await runTests(group, left);
  passed += counts.passed;
  failed += counts.failed;
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
