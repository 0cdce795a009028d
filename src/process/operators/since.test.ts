import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyHistory, plan, SMALL_SLACK_MS, topic } from "../../../conformance/history.ts";
import { oracleOf } from "../../../conformance/run-history.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import { MemoryState } from "./memory-state.ts";
import { TopicOperators } from "./topic-operators.ts";

const seed = Number(process.env["SEED"] ?? 11);
const numRuns = Number(process.env["RUNS"] ?? 200);
/** How far a time lies after its `received_at` in these histories, at most. */
const FUTURE_MS = 2;

test("an operator that begins in the middle serves exactly the windows it saw whole", () => {
  const property = fc.property(anyHistory(30), fc.nat(30), ({ partitions, steps, cuts }, cut) => {
    const [before, after] = [steps.slice(0, cut), steps.slice(cut)];
    const sinceMs = Math.max(...before.map((step) => step.receivedAt)) + FUTURE_MS + 1;
    const operators = new TopicOperators(
      topic,
      partitions,
      plan.metrics.map((metric) => ({ metric, sinceMs, stateFor: () => new MemoryState() })),
      SMALL_SLACK_MS,
    );
    for (const { partition, receivedAt } of before) {
      operators.progress.advance(partition, receivedAt);
    }
    for (const { partition, receivedAt, row } of after) {
      const rows = row ?? new Uint8Array(0);
      operators.onBatch({ partition, rows, lastReceivedAt: receivedAt });
    }
    const { metrics } = oracleOf({ partitions, steps, cuts });
    for (const operator of operators.operators) {
      const { window } = operator.metric;
      const isWhole = ({ windowStart }: Pick<MetricRow, "windowStart">): boolean =>
        window.kind === "session" ? windowStart - window.gapMs > sinceMs : windowStart >= sinceMs;
      const shown = operator
        .emit(1)
        .map(({ key, windowStart, components, closed, latePending }) => ({
          key,
          windowStart,
          components,
          closed,
          latePending,
        }));
      const expected = metrics[operator.metric.name]!.filter(isWhole).map(
        ({ key, windowStart, components, closed, latePending }) => ({
          key,
          windowStart,
          components,
          closed,
          latePending,
        }),
      );
      assert.deepEqual(shown, expected, operator.metric.name);
    }
  });
  fc.assert(property, { seed, numRuns });
});
