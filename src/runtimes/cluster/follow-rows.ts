import { asMillraceError } from "../../core/errors.ts";
import { decodeAlert } from "../../language/compile/avro/alert-avro.ts";
import { decodeMetricRow } from "../../language/compile/avro/metric-avro.ts";
import { warehouseSink } from "../../process/stream/warehouse-sink.ts";
import { FRAME_BYTES } from "../../storage/log/kafka/framed-record.ts";
import type { InBatch } from "../../storage/log/kafka/kafka-client.ts";
import { metricTag } from "../../serve/metrics/metric-routes.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { openCache } from "./cluster-cache.ts";
import { followGroup } from "./follow-group.ts";
import type { RoleOptions } from "./role.ts";

export interface FollowedRows {
  /** Rows that were stored. */
  count(): number;
  close(): Promise<void>;
}

/**
 * Brings the rows of metrics, and alerts, from their topics to the warehouse's time series. A row
 * that is stored again changes nothing: the newest of its version counts.
 */
export async function followRows(
  { plan, parts, clock, onProblem }: RoleOptions,
  warehouse: Warehouse,
): Promise<FollowedRows> {
  const { cache } = await openCache(parts.config, clock);
  const names = topicNames(parts.config.prefix);
  const sink = warehouseSink(warehouse);
  const tell = (thrown: unknown): void => onProblem(asMillraceError(thrown).message);
  const publishers = new Map<
    string,
    (values: readonly Uint8Array[], token: string) => Promise<void>
  >();
  for (const metric of plan.metrics) {
    publishers.set(names.rows(metric.name), async (values, token) => {
      const rows = values.map((value) => decodeMetricRow(metric, value, FRAME_BYTES));
      await sink.publish(metric, rows, token);
      // The rows are stored: a cache that can't be told lets its answers grow old by themselves.
      await cache.invalidate([metricTag(metric)]).catch(tell);
    });
  }
  for (const anomaly of plan.anomalies) {
    const metric = plan.metrics.find(({ name }) => name === anomaly.metric)!;
    publishers.set(names.alerts(anomaly.name), (values, token) =>
      sink.publishAlerts(
        values.map((value) => decodeAlert(metric, value, FRAME_BYTES)),
        token,
      ),
    );
  }
  let count = 0;
  const store = async (batch: InBatch): Promise<void> => {
    const values = batch.records.flatMap(({ value }) => (value === null ? [] : [value]));
    const first = batch.records[0]?.offset ?? 0;
    const token = `${batch.topic}/${batch.partition}:${first}-${batch.endOffset}`;
    if (values.length > 0) await publishers.get(batch.topic)!(values, token);
    count += values.length;
  };
  const following = await followGroup({
    client: parts.client,
    group: `${names.ledger}.rows`,
    topics: [...publishers.keys()],
    take: async (batches) => {
      for (const batch of batches) await store(batch);
    },
    clock,
    onError: tell,
  });
  return {
    count: () => count,
    close: async () => {
      await following.close();
      await cache.close();
    },
  };
}
