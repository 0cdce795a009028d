/**
 * Every case of `cases/` by the ClickHouse compiler over the same events: metrics row for row, and
 * what only the warehouse makes: models, cubes, counts of broken rules.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { RuleNode } from "../src/language/plan/nodes.ts";
import { kindOf, type Case, type Readable } from "./case.ts";
import { GAPS, NOT_MADE_BY } from "./gaps.ts";
import { loadCases } from "./load-case.ts";
import { logOf } from "./log-of-case.ts";
import { expectedRow, ordered } from "./readable.ts";
import { withoutEvents } from "./runners/embedded.ts";
import { openClickHouseRunner, type ClickHouseRunner } from "./runners/clickhouse.ts";

let runner: ClickHouseRunner;
before(async () => {
  runner = await openClickHouseRunner();
});
after(() => runner.close());

for (const each of await loadCases()) {
  const gap = GAPS.find((known) => known.case === each.name && known.engine === "clickhouse");
  const isRefused = each.expected.some((row) => kindOf(row) === "problem");
  if (isRefused) continue;
  if (gap === undefined) test(each.name, () => runCase(each));
  else test(`${each.name}: gap: ${gap.reason}`, () => assert.rejects(() => runCase(each)));
}

async function runCase(of: Case): Promise<void> {
  const { records } = await logOf(of);
  try {
    await runner.load(of, withoutEvents(records));
    assert.deepEqual(await runner.rows(of, records), [], "rows without events");
    await runner.load(of, records);
    assert.deepEqual(ordered(await runner.rows(of, records)), expectedOf(of));
    await runner.eraseNobody(of);
    const erased = ordered(await runner.rows(of, records));
    assert.deepEqual(erased, expectedOf(of), "the erasure of nobody changes rows");
  } finally {
    await runner.clear();
  }
}

const expectedOf = (of: Case): readonly Readable[] =>
  ordered(
    of.expected
      .filter((row) => NOT_MADE_BY.clickhouse[kindOf(row)] === undefined && row["op"] === undefined)
      // What a rule keeps out never came to the warehouse.
      .filter((row) => of.plan.rules.every((rule) => rule.name !== row["rule"] || !keepsOut(rule)))
      .map(expectedRow),
  );

const keepsOut = ({ severity }: RuleNode): boolean => severity === "quarantine";
