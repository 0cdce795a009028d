/** The quick check, in order of cost. It goes on after a failure and reports them all. */
import { runSteps, STEPS } from "./steps.ts";
import { testGroups } from "./test-groups.ts";
import { runTests } from "./test-run.ts";

const BUDGET_MS = 60_000;
const failed = await runSteps(STEPS.slice(0, -1));
const unit = testGroups().find((group) => group.name === "unit");
if (unit !== undefined && (await runTests(unit, BUDGET_MS)).failed > 0) failed.push("unit");
failed.push(...(await runSteps(STEPS.slice(-1))));
console.log(failed.length === 0 ? "All is well." : `Failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
