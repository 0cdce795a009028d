import type { AlertRow } from "../../language/plan/alert-row.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";

/**
 * Where the stream's output goes. Each call comes once, or again with the same token and the same
 * rows after a failure: publishing twice must have the effect of publishing once. Calls come one
 * after the other, in the order of the commits; a settled promise means that the rows are durable.
 */
export interface MetricSink {
  publish(metric: MetricNode, rows: readonly MetricRow[], token: string): Promise<void>;
  publishAlerts(alerts: readonly AlertRow[], token: string): Promise<void>;
}
