/**
 * Every case of `cases/` by the Flink compiler, on real brokers and a real registry: the closed rows
 * of its metrics, and alerts. Flink writes a row once, when it closes: rows that a case expects to be
 * open aren't there.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { engineSuite } from "../engines/engine-test.ts";
import { flinkFunctionsJar } from "../engines/flink-functions.ts";
import { kindOf, type Case, type Readable } from "./case.ts";
import { GAPS, NOT_MADE_BY } from "./gaps.ts";
import { loadCases } from "./load-case.ts";
import { logOf } from "./log-of-case.ts";
import { expectedRow, ordered } from "./readable.ts";
import { runFlink } from "./runners/flink.ts";

const cases = (await loadCases()).filter(
  ({ expected, plan }) =>
    expected.every((row) => kindOf(row) !== "problem") && plan.metrics.length > 0,
);

await engineSuite("every case by Flink", ["kafka", "registry", "flink"], (addresses) => {
  let rows: Awaited<ReturnType<typeof runFlink>>;
  before(async () => {
    const loaded = cases.map(async (of) => ({ of, records: (await logOf(of)).records }));
    const tell = (text: string): void => void process.stderr.write(`  ${text}\n`);
    const jar = pathToFileURL(await flinkFunctionsJar(process.env, tell)).href;
    const prefix = `flink-${process.pid}-${Date.now()}`;
    rows = await runFlink(addresses, jar, prefix, await Promise.all(loaded));
  });
  for (const of of cases) {
    const gap = GAPS.find((known) => known.case === of.name && known.engine === "flink");
    const check = (): void => assert.deepEqual(ordered(rows.get(of.name) ?? []), expectedOf(of));
    if (gap === undefined) test(of.name, check);
    else test(`${of.name}: gap: ${gap.reason}`, () => assert.throws(check));
  }
});

const expectedOf = (of: Case): readonly Readable[] =>
  ordered(
    of.expected
      .filter((row) => NOT_MADE_BY.flink[kindOf(row)] === undefined && row["op"] === undefined)
      .filter((row) => row["closed"] !== false)
      .map(expectedRow),
  );
