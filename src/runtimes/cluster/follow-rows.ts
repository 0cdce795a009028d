import { asMillraceError } from "../../core/errors.ts";
import { decodeAlert } from "../../language/compile/avro/alert-avro.ts";
import { decodeMetricRow } from "../../language/compile/avro/metric-avro.ts";
import { startWorkLoop } from "../../process/load/work-loop.ts";
import { warehouseSink } from "../../process/stream/warehouse-sink.ts";
import { FRAME_BYTES } from "../../storage/log/kafka/framed-record.ts";
import type { InBatch, Place } from "../../storage/log/kafka/kafka-client.ts";
import { metricTag } from "../../serve/metrics/metric-routes.ts";
import type { Membership } from "../../storage/log/kafka/kafka-group.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { openCache } from "./cluster-cache.ts";
import type { RoleOptions } from "./role.ts";

export interface FollowedRows {
  /** Rows that were stored. */
  count(): number;
  close(): Promise<void>;
}

const WAIT_MS = 500;

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
  const group = parts.client.group(`${names.ledger}.rows`, [...publishers.keys()]);
  const reader = parts.client.reader();
  let membership: Membership | undefined;
  let next: Map<string, Place> | undefined;
  let count = 0;
  await group.join((joined) => {
    membership = joined;
    next = undefined;
  });

  const store = async (batch: InBatch): Promise<void> => {
    const values = batch.records.flatMap(({ value }) => (value === null ? [] : [value]));
    const first = batch.records[0]?.offset ?? 0;
    const token = `${batch.topic}/${batch.partition}:${first}-${batch.endOffset}`;
    if (values.length > 0) await publishers.get(batch.topic)!(values, token);
    count += values.length;
  };
  const step = async (): Promise<{ readonly idle: boolean }> => {
    const current = membership;
    if (current === undefined || current.partitions.length === 0) return { idle: true };
    next ??= await placesOf(current);
    const batches = await reader.read([...next.values()], WAIT_MS);
    if (batches.length === 0 || membership !== current) return { idle: false };
    for (const batch of batches) await store(batch);
    const positions = batches.map(({ topic, partition, endOffset: offset }) => ({
      topic,
      partition,
      offset,
    }));
    const isOurs = await group.commit(
      current,
      positions.map((each) => ({ ...each, note: "" })),
    );
    if (isOurs) for (const each of positions) next?.set(placeId(each), each);
    return { idle: !isOurs };
  };
  const placesOf = async (of: Membership): Promise<Map<string, Place>> => {
    const known = new Map((await group.positions(of)).map((each) => [placeId(each), each.offset]));
    const starts = await parts.client.ends([...new Set(of.partitions.map(({ topic }) => topic))]);
    const startOf = new Map(starts.map((each) => [placeId(each), each.start]));
    return new Map(
      of.partitions.map((each) => {
        const offset = known.get(placeId(each)) ?? startOf.get(placeId(each)) ?? 0;
        return [placeId(each), { ...each, offset }];
      }),
    );
  };
  const loop = startWorkLoop({
    step,
    intervalMs: WAIT_MS,
    clock,
    onError: tell,
  });
  return {
    count: () => count,
    close: async () => {
      await loop.stop();
      await group.close();
      await reader.close();
      await cache.close();
    },
  };
}

const placeId = ({
  topic,
  partition,
}: {
  readonly topic: string;
  readonly partition: number;
}): string => `${partition} ${topic}`;
