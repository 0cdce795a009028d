/**
 * Every case of `cases/` by the Flink compiler, on real brokers and a real registry: the closed rows
 * of its metrics, and alerts. Flink writes a row once, when it closes: rows that a case expects to be
 * open aren't there until a heartbeat, much later, closes every window; then they are held to the
 * oracle.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { engineSuite } from "../engines/engine-test.ts";
import { flinkFunctionsJar } from "../engines/flink-functions.ts";
import { kindOf, type Case, type LogRecord, type Readable } from "./case.ts";
import { FIELD_GAPS, GAPS, NOT_MADE_BY } from "./gaps.ts";
import { loadCases } from "./load-case.ts";
import { logOf } from "./log-of-case.ts";
import { oracleRows } from "./oracle/oracle.ts";
import { expectedRow, ordered, readableRow } from "./readable.ts";
import { runFlink } from "./runners/flink.ts";

const cases = (await loadCases()).filter(
  ({ expected, plan }) =>
    expected.every((row) => kindOf(row) !== "problem") && plan.metrics.length > 0,
);

await engineSuite("every case by Flink", ["kafka", "registry", "flink"], (addresses) => {
  let runs: Awaited<ReturnType<typeof runFlink>>;
  const loaded = Promise.all(cases.map(async (of) => ({ of, records: (await logOf(of)).records })));
  before(async () => {
    const tell = (text: string): void => void process.stderr.write(`  ${text}\n`);
    const jar = pathToFileURL(await flinkFunctionsJar(process.env, tell)).href;
    const prefix = `flink-${process.pid}-${Date.now()}`;
    runs = await runFlink(addresses, jar, prefix, await loaded);
  });
  for (const of of cases) {
    const gap = GAPS.find((known) => known.case === of.name && known.engine === "flink");
    const check = async (): Promise<void> => {
      const { records } = (await loaded).find((each) => each.of === of)!;
      const { closed, all } = runs.get(of.name)!;
      assert.deepEqual(ordered(closed), closedOf(of), "when the log was read");
      assert.deepEqual(ordered(all), allOf(of, records), "when every window was closed");
    };
    if (gap === undefined) test(of.name, check);
    else test(`${of.name}: gap: ${gap.reason}`, () => assert.rejects(check));
  }
});

/** The rows that a case expects of its log: Flink has those that are closed. */
const closedOf = (of: Case): readonly Readable[] =>
  ordered(
    of.expected
      .filter((row) => NOT_MADE_BY.flink[kindOf(row)] === undefined && row["op"] === undefined)
      .filter((row) => row["closed"] !== false)
      .map(expectedRow)
      .map((row) => asWritten(of, row)),
  );

/** All rows of a case's metrics by the oracle, as if time had moved on for ever. */
const allOf = (of: Case, records: readonly LogRecord[]): readonly Readable[] =>
  ordered(
    of.plan.metrics.flatMap((metric) =>
      oracleRows(metric, {
        records: records.flatMap(({ topic, row }) =>
          topic === metric.from && row !== undefined ? [row.values] : [],
        ),
        time: of.topics.find(({ name }) => name === metric.from)!.time,
        progress: Infinity,
      }).map((row) => asWritten(of, readableRow(metric, row))),
    ),
  );

/** A row without the fields that Flink doesn't fill. */
function asWritten({ plan }: Case, row: Readable): Readable {
  const metric = plan.metrics.find(({ name }) => name === row["metric"]);
  const missing = FIELD_GAPS.filter(
    ({ engine, window }) => engine === "flink" && window === metric?.window.kind,
  ).map(({ field }) => field);
  return Object.fromEntries(Object.entries(row).filter(([name]) => !missing.includes(name)));
}
