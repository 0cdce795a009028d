import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plan } from "../../../conformance/history.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import type { AnomalyNode } from "../../language/plan/nodes.ts";
import { AnomalyOperator, type KeyHistory } from "./anomaly-operator.ts";
import { MemoryState } from "./memory-state.ts";

const node: AnomalyNode = {
  kind: "anomaly",
  name: "odd",
  metric: "fixed",
  measure: "n",
  history: 5,
  threshold: 4,
  floor: 2,
  warmUp: 3,
};
const metric = plan.metrics.find((each) => each.name === "fixed")!;
const row = (window: number, n: number, more: Partial<MetricRow> = {}): MetricRow => ({
  op: "upsert",
  key: '["view"]',
  dimensions: ["view"],
  windowStart: window * 10,
  windowEnd: window * 10 + 10,
  components: [BigInt(n), ...Array.from({ length: 14 }, () => null)],
  incomplete: false,
  closed: true,
  latePending: 0,
  generation: 0,
  version: 1,
  ...more,
});
const alertsOf = (rows: readonly MetricRow[]) =>
  new AnomalyOperator(node, metric, new MemoryState<KeyHistory>()).take(rows);

describe("AnomalyOperator", () => {
  it("says nothing while it warms up, then what is far from the median", () => {
    assert.deepEqual(alertsOf([row(0, 10), row(1, 10), row(2, 900)]), []);
    const [alert] = alertsOf([row(0, 10), row(1, 12), row(2, 11), row(3, 30)]);
    assert.equal(alert!.windowStart, 30);
    assert.deepEqual([alert!.value, alert!.median, alert!.spread], [30, 11, 2]);
    assert.equal(alert!.score, 9.5);
  });

  it("assumes no spread below the floor, and counts the threshold itself", () => {
    const calm = [row(0, 10), row(1, 10), row(2, 10)];
    assert.equal(alertsOf([...calm, row(3, 17)]).length, 0);
    assert.equal(alertsOf([...calm, row(3, 18)]).length, 1);
    assert.equal(alertsOf([...calm, row(3, 2)])[0]!.score, -4);
  });

  it("takes a missing window for 0, and says nothing about it", () => {
    const calm = [row(0, 50), row(1, 50), row(2, 50)];
    assert.deepEqual(
      alertsOf([...calm, row(5, 50)]).map((each) => each.windowStart),
      [],
    );
    assert.deepEqual(
      alertsOf([...calm, row(9, 50)]).map((each) => [each.windowStart, each.median]),
      [[90, 0]],
    );
  });

  it("looks at closed rows only", () => {
    const calm = [row(0, 10), row(1, 10), row(2, 10)];
    assert.deepEqual(alertsOf([...calm, row(3, 900, { closed: false })]), []);
    assert.deepEqual(alertsOf([...calm, row(3, 900, { op: "delete" })]), []);
  });

  it("gives one id for one window of one key", () => {
    const rows = [row(0, 10), row(1, 10), row(2, 10), row(3, 90)];
    const [[first], [second]] = [alertsOf(rows), alertsOf(rows)];
    assert.equal(first!.id, second!.id);
    const other = alertsOf(rows.map((each) => ({ ...each, key: '["buy"]' })));
    assert.notEqual(other[0]!.id, first!.id);
  });
});
