import type { InBatch, KafkaClient, Place } from "../../storage/log/kafka/kafka-client.ts";
import type { RowBatches } from "../../storage/log/kafka/row-batches.ts";
import type { PartitionEnd } from "../../storage/log/log.ts";

const WAIT_MS = 500;

/**
 * By `placeId`, when the first record that `pick` gives of each partition was received, ms: read from
 * `from`, one an end, up to that end. Of partitions that have one.
 */
export async function receivedTimes(
  { client, rows }: { readonly client: KafkaClient; readonly rows: RowBatches },
  ends: readonly PartitionEnd[],
  from: readonly number[],
  pick: (batch: InBatch) => InBatch["records"] = ({ records }) => records,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const endOf = new Map(ends.map((end) => [placeId(end), end.end]));
  let open: Place[] = ends.map(({ topic, partition }, at) => ({
    topic,
    partition,
    offset: from[at]!,
  }));
  const reader = client.reader();
  try {
    for (;;) {
      open = open.filter(
        (each) => !found.has(placeId(each)) && each.offset < endOf.get(placeId(each))!,
      );
      if (open.length === 0) return found;
      const moved = new Map<string, number>();
      for (const batch of await reader.read(open, WAIT_MS)) {
        moved.set(placeId(batch), batch.endOffset);
        await rows.learn([batch]);
        const received = receivedIn(rows, batch, pick(batch));
        if (received !== undefined) found.set(placeId(batch), received);
      }
      open = open.map((each) => ({ ...each, offset: moved.get(placeId(each)) ?? each.offset }));
    }
  } finally {
    await reader.close();
  }
}

/** One text for a partition. */
export const placeId = ({
  topic,
  partition,
}: {
  readonly topic: string;
  readonly partition: number;
}): string => `${partition} ${topic}`;

function receivedIn(
  rows: RowBatches,
  batch: InBatch,
  records: InBatch["records"],
): number | undefined {
  for (const record of records) {
    const [row] = rows.batches({ ...batch, records: [record] }, record.offset);
    if (row !== undefined) return row.firstReceivedAt;
  }
  return undefined;
}
