/**
 * Rows are a function of the log alone: thousands of random histories through the operators, whole,
 * cut into other batches and interleaved otherwise, and restarted from snapshots, against the
 * oracle. `SEED=… RUNS=…` replay and enlarge.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyHistory } from "./history.ts";
import { oracleOf, runs as replay, tableOf } from "./run-history.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = Number(process.env["RUNS"] ?? 10_000);

const TIME_MAX_MS = 180_000;

test(`operators equal the oracle over ${numRuns} histories (SEED=${seed})`, (t) => {
  const property = fc.property(anyHistory(24), (history) => {
    const expected = oracleOf(history);
    for (const [name, play] of Object.entries(replay)) {
      assertSame(tableOf(play(history)), expected, name);
    }
  });
  // A crowded machine may not get through all of them; it says how far it came.
  const details = fc.check(property, { seed, numRuns, interruptAfterTimeLimit: TIME_MAX_MS });
  t.diagnostic(`${details.numRuns} histories`);
  assert.ok(!details.failed, fc.defaultReportMessage(details) ?? "");
});

/** The runner's own picture of a difference is slow, and shrinking needs many. */
function assertSame(actual: Table, expected: Table, name: string): void {
  if (isSame(actual, expected)) return;
  const [a, b] = [actual, expected].map(textOf) as [string, string];
  const at = [...a].findIndex((character, index) => character !== b[index]);
  const part = (text: string): string => text.slice(Math.max(0, at - 400), at + 200);
  assert.fail(`${name}:\n  ${part(a)}\nexpected:\n  ${part(b)}`);
}

type Table = ReturnType<typeof oracleOf>;

const textOf = (table: Table): string =>
  JSON.stringify(
    table,
    (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value),
    1,
  );

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    left.length === right.length &&
    left.every(([name, value]) => isSame(value, (b as Record<string, unknown>)[name]))
  );
}
