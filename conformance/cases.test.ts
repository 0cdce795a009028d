/**
 * Every case of `cases/` through the embedded operators: straight, cut and interleaved otherwise,
 * restored from snapshots, with nothing sent, and after the erasure of nobody. And through the
 * oracle, which the random histories are held against.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { metricComponents } from "../src/language/plan/metric-row.ts";
import { checkPlan } from "../src/language/plan/check/check-plan.ts";
import { kindOf, type Case, type LogRecord, type Readable } from "./case.ts";
import { GAPS, NOT_MADE_BY } from "./gaps.ts";
import { hasHazard } from "./hazard.ts";
import { isConstruct, usedBy } from "./construct.ts";
import { loadCases } from "./load-case.ts";
import { logOf } from "./log-of-case.ts";
import { oracleRows } from "./oracle/oracle.ts";
import { expectedRow, ordered, readableRecord, readableRow } from "./readable.ts";
import { eraseNobody, runEmbedded, SCHEDULES, withoutEvents } from "./runners/embedded.ts";

const cases = await loadCases();

for (const each of cases) {
  const gap = GAPS.find((known) => known.case === each.name && known.engine === "embedded");
  suite(each.name, () => {
    if (gap === undefined) testCase(each);
    else
      test(`gap: ${gap.reason}`, () => assert.rejects(() => runCase(each), assert.AssertionError));
  });
}

function testCase(of: Case): void {
  test("is what it says", async () => {
    const { records } = await logOf(of);
    const used = usedBy(of.plan);
    for (const [construct, hazards] of Object.entries(of.shows)) {
      assert.ok(isConstruct(construct) && used.has(construct), `it doesn't use ${construct}`);
      for (const hazard of hazards) {
        assert.ok(hasHazard(of, records, hazard), `nothing in it is "${hazard}"`);
      }
    }
    assert.deepEqual(
      problemsOf(of),
      of.expected.filter((row) => kindOf(row) === "problem"),
    );
  });
  test("at the door", () => runDoor(of));
  test("embedded", () => runCase(of));
  test("oracle", () => runOracle(of));
}

const problemsOf = ({ plan }: Case): readonly Readable[] =>
  checkPlan(plan).map(({ node, field, message }) => ({ problem: node, field, message }));

const isRefused = (of: Case): boolean => of.expected.some((row) => kindOf(row) === "problem");

/** The expected rows of some kinds; without what an engine doesn't make. */
const expectedOf = (of: Case, isWanted: (row: Readable) => boolean): readonly Readable[] =>
  ordered(of.expected.map(expectedRow).filter(isWanted));

async function runDoor(of: Case): Promise<void> {
  if (isRefused(of)) return;
  const { records, outcomes, broken } = await logOf(of);
  const listed = records.filter(
    (record) => of.listed.has(record.topic) && record.row !== undefined,
  );
  const actual = [
    ...listed.map(readableRecord),
    ...outcomes.map((each) => ({ ...each })),
    ...[...broken].map(([rule, n]) => ({ rule, broken: n })),
  ];
  const isDoors = (row: Readable): boolean => ["topic", "event", "rule"].includes(kindOf(row));
  assert.deepEqual(ordered(actual), expectedOf(of, isDoors));
}

async function runCase(of: Case): Promise<void> {
  if (isRefused(of)) return;
  const { records } = await logOf(of);
  const isOwn = (row: Readable): boolean =>
    ["metric", "anomaly"].includes(kindOf(row)) && NOT_MADE_BY.embedded[kindOf(row)] === undefined;
  const upserts = expectedOf(of, (row) => isOwn(row) && row["op"] === undefined);
  const deleted = expectedOf(of, (row) => row["op"] === "delete");
  for (const [name, schedule] of Object.entries(SCHEDULES)) {
    const run = runEmbedded(of, records, schedule);
    assert.deepEqual(ordered(run.rows), upserts, name);
    if (name === "record by record") assert.deepEqual(ordered(run.deleted), deleted, name);
  }
  const erased = eraseNobody(of, records);
  assert.deepEqual(erased.map(bytesOf), records.map(bytesOf), "erasure of nobody changes a byte");
  assert.deepEqual(ordered(runEmbedded(of, erased, SCHEDULES["straight"]!).rows), upserts);
  const nothing = runEmbedded(of, withoutEvents(records), SCHEDULES["record by record"]!);
  assert.deepEqual(nothing, { rows: [], deleted: [] }, "rows without events");
}

const bytesOf = ({ row }: LogRecord): string =>
  row === undefined ? "" : Buffer.from(row.bytes).toString("hex");

/** The oracle knows metrics only. */
async function runOracle(of: Case): Promise<void> {
  if (isRefused(of)) return;
  const { records } = await logOf(of);
  const actual = of.plan.metrics.flatMap((metric) => {
    const own = records.filter((record) => record.topic === metric.from);
    const greatest = Array.from({ length: of.partitions }, (_, partition) =>
      Math.max(...own.filter((each) => each.partition === partition).map((r) => r.receivedAt)),
    );
    const rows = oracleRows(metric, {
      records: own.flatMap(({ row }) => (row === undefined ? [] : [row.values])),
      time: of.topics.find((topic) => topic.name === metric.from)!.time,
      progress: Math.min(...greatest),
    });
    assert.ok(rows.every((row) => row.components.length === metricComponents(metric).length));
    return rows.map((row) => readableRow(metric, row));
  });
  const isOwn = (row: Readable): boolean => kindOf(row) === "metric" && row["op"] === undefined;
  assert.deepEqual(ordered(actual), expectedOf(of, isOwn));
}
