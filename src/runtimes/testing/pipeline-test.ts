import type { Plan } from "../../language/plan/nodes.ts";
import { parsePlan, serialisePlan } from "../../language/plan/plan-json.ts";
import { assertPlan } from "../../language/plan/check/check-plan.ts";
import { compareRows, type Difference } from "./compare-rows.ts";
import { describeDifference } from "./describe-difference.ts";
import { parseExpected } from "./expected.ts";
import { parseGiven } from "./given.ts";
import { runDocuments } from "./run-documents.ts";

/** A data-only test: documents, and the rows that are to come of them. Both are JSON lines. */
export interface PipelineTest {
  readonly given: string;
  readonly expect: string;
}

export interface PipelineTestResult {
  readonly documents: number;
  readonly expectedRows: number;
  /** None: the test passes. */
  readonly differences: readonly Difference[];
  /** The differences for a person; empty when it passes. */
  readonly report: string;
}

/**
 * Runs a data-only test of a definition. `docs/guides/testing-a-pipeline.md` says what the two texts
 * hold. Throws `CONFIG_INVALID` when they can't be read, `DEFINITION_INVALID` for the definition.
 */
export async function runPipelineTest(
  definition: { readonly plan: Plan },
  { given, expect }: PipelineTest,
): Promise<PipelineTestResult> {
  // What isn't in the plan's JSON doesn't exist for any engine.
  const plan = parsePlan(serialisePlan(definition.plan));
  assertPlan(plan);
  const documents = parseGiven(given);
  const expected = parseExpected(expect, plan);
  const differences = compareRows(expected, await runDocuments(plan, documents));
  const report = differences.map(describeDifference).join("\n");
  return { documents: documents.length, expectedRows: expected.length, differences, report };
}
