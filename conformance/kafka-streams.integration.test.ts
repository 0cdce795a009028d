/**
 * Every case of `cases/` by Kafka Streams on real brokers, from raw topics: the gate, the streams
 * that it makes, metrics and anomalies; with a backlog, duplicates, and a kill amid it.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { engineSuite } from "../engines/engine-test.ts";
import { kindOf, type Case, type Readable } from "./case.ts";
import { GAPS, NOT_MADE_BY } from "./gaps.ts";
import { loadCases } from "./load-case.ts";
import { logOf } from "./log-of-case.ts";
import { expectedRow, ordered } from "./readable.ts";
import { runKafkaStreams, type StreamsRun } from "./runners/kafka-streams.ts";

await engineSuite("Kafka Streams", ["kafka", "registry"], async (addresses) => {
  const cases = (await loadCases()).filter((each) => !isRefused(each));
  let runs: ReadonlyMap<Case, StreamsRun>;
  before(async () => {
    const logs = await Promise.all(
      cases.map(async (each) => [each, (await logOf(each)).records] as const),
    );
    runs = await runKafkaStreams(new Map(logs), addresses, isRight);
  });
  for (const each of cases) {
    const gap = GAPS.find((known) => known.case === each.name && known.engine === "kafka-streams");
    if (gap === undefined) test(each.name, () => check(each, runs.get(each)!));
    else {
      test(`${each.name}: gap: ${gap.reason}`, () =>
        assert.throws(() => check(each, runs.get(each)!), assert.AssertionError));
    }
  }
});

function isRefused(of: Case): boolean {
  return of.expected.some((row) => kindOf(row) === "problem");
}

function isRight(of: Case, run: StreamsRun): boolean {
  try {
    check(of, run);
    return true;
  } catch {
    return false;
  }
}

function check(of: Case, run: StreamsRun): void {
  const own = of.expected
    .filter((row) => NOT_MADE_BY["kafka-streams"][kindOf(row)] === undefined)
    .map(expectedRow);
  const isDeletion = (row: Readable): boolean => row["op"] === "delete";
  assert.deepEqual(ordered(run.rows), ordered(own.filter((row) => !isDeletion(row))));
  // Which starts were out before they ceased to exist depends on when rows were put out.
  const mayBeDeleted = new Set(own.filter(isDeletion).map((row) => JSON.stringify(row)));
  const others = run.deleted.filter((row) => !mayBeDeleted.has(JSON.stringify(row)));
  assert.deepEqual(others, [], "deletions of starts that never were");
}
