import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { anyHistory, plan } from "../../../conformance/history.ts";
import { runs } from "../../../conformance/run-history.ts";
import { planTables } from "../../language/compile/clickhouse/plan-tables.ts";
import { metricTableNames } from "../../language/compile/clickhouse/metric-tables.ts";
import { openTestWarehouse, type TestWarehouse } from "../batch/test-support/test-warehouse.ts";
import { createAlertTable, warehouseSink } from "./warehouse-sink.ts";

let bed: TestWarehouse;
before(async () => {
  bed = await openTestWarehouse();
  for (const statement of planTables(plan)) await bed.warehouse.command(statement);
  await createAlertTable(bed.warehouse);
});
after(() => bed.close());

test("every row is written once, though it is published twice", async () => {
  const { warehouse } = bed;
  const sink = warehouseSink(warehouse);
  const [history] = fc.sample(anyHistory(60), { seed: 12, numRuns: 1 });
  const { rows, alerts } = runs.stepwise(history!);
  for (const metric of plan.metrics) {
    const all = rows.get(metric.name)!;
    for (let time = 0; time < 2; time++) await sink.publish(metric, all, `test-${metric.name}`);
    const closed = all.filter((row) => row.closed && row.op === "upsert");
    const table = metricTableNames(metric).closed;
    const stored = await warehouse.query<{ key: string; start: string; late: number }>(
      `SELECT key, toString(toUnixTimestamp64Milli(window_start)) AS start, late_pending AS late FROM \`${table}\``,
    );
    assert.deepEqual(
      stored.map((row) => `${row.start} ${row.key} ${row.late}`).toSorted(),
      closed.map((row) => `${row.windowStart} ${row.key} ${row.latePending}`).toSorted(),
      metric.name,
    );
  }
  for (let time = 0; time < 2; time++) await sink.publishAlerts(alerts, "test-alerts");
  const [counted] = await warehouse.query<{ n: string }>(
    "SELECT toString(count()) AS n FROM millrace_alerts",
  );
  assert.equal(Number(counted!.n), alerts.length);
});
