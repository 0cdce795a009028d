/**
 * `npm test`: the checks and the tests. `npm test -- unit src/ingest` runs those groups or folders
 * only, and `npm run test:full` every test there is.
 * The last line is `N passed, N failed`; a check that fails counts as a failure. The lines before it
 * name the tests that weren't run because an engine can't be had here (Java is missing).
 */
import { runSteps, STEPS } from "./steps.ts";
import { testEngines } from "./test-engines.ts";
import { FULL_ONLY, testGroups, type TestGroup } from "./test-groups.ts";
import { runTests, type NotRun } from "./test-run.ts";

const isFull = process.argv.includes("--full");
const budgetMs = Number(process.env["TEST_BUDGET_MINUTES"] ?? (isFull ? 120 : 45)) * 60_000;
const wanted = process.argv.slice(2).filter((argument) => argument !== "--full");
const started = performance.now();
let passed = 0;
const notRun: NotRun[] = [];
let failed = wanted.length === 0 ? (await runSteps(STEPS)).length : 0;
const engines = await testEngines();
const isWanted = (group: TestGroup, file: string): boolean =>
  wanted.length === 0 || wanted.some((name) => name === group.name || file.startsWith(name));
for (const all of testGroups({ isFull })) {
  const group = { ...all, files: all.files.filter((file) => isWanted(all, file)) };
  if (group.files.length === 0) continue;
  const left = Math.max(1_000, budgetMs - (performance.now() - started));
  const counts = await runTests(group, left, engines.env);
  passed += counts.passed;
  failed += counts.failed;
  notRun.push(...counts.notRun);
}
await engines.end();
for (const [why, tests] of Map.groupBy(notRun, (one) => one.why)) {
  console.log(`\nNot run, because ${why}:\n  ${tests.map(({ name }) => name).join(", ")}`);
}
if (!isFull) console.log(`\nRun by npm run test:full only:\n  ${FULL_ONLY.join(", ")}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
