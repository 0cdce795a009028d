/**
 * Every case of `cases/` by the Spark compiler over files as the lake's are: metrics row for row,
 * models, cubes, counts of broken rules. One process of Spark computes all of them.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { engineSuite } from "../engines/engine-test.ts";
import type { RuleNode } from "../src/language/plan/nodes.ts";
import { kindOf, type Case, type Readable } from "./case.ts";
import { GAPS, NOT_MADE_BY } from "./gaps.ts";
import { loadCases } from "./load-case.ts";
import { logOf } from "./log-of-case.ts";
import { expectedRow, ordered } from "./readable.ts";
import { runSpark } from "./runners/spark.ts";

const cases = (await loadCases()).filter((of) =>
  of.expected.every((row) => kindOf(row) !== "problem"),
);

await engineSuite("every case by Spark", ["spark"], ({ spark }) => {
  let run: Awaited<ReturnType<typeof runSpark>>;
  before(async () => {
    const loaded = cases.map(async (of) => ({ of, records: (await logOf(of)).records }));
    run = await runSpark(spark, await Promise.all(loaded));
  });
  for (const of of cases) {
    const gap = GAPS.find((known) => known.case === of.name && known.engine === "spark");
    const check = (): void => {
      const rows = ordered(run.rows.get(of.name) ?? []);
      assert.deepEqual(rows, expectedOf(of), run.errors.slice(0, ERRORS_CHARS_MAX));
    };
    if (gap === undefined) test(of.name, check);
    else test(`${of.name}: gap: ${gap.reason}`, () => assert.throws(check));
  }
});

/** What Spark says is shown this far. */
const ERRORS_CHARS_MAX = 4_000;

const expectedOf = (of: Case): readonly Readable[] =>
  ordered(
    of.expected
      .filter((row) => NOT_MADE_BY.spark[kindOf(row)] === undefined && row["op"] === undefined)
      // What a rule keeps out never came to the lake.
      .filter((row) => of.plan.rules.every((rule) => rule.name !== row["rule"] || !keepsOut(rule)))
      .map(expectedRow),
  );

const keepsOut = ({ severity }: RuleNode): boolean => severity === "quarantine";
