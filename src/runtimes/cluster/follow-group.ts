import type { Clock } from "../../core/clock.ts";
import { startWorkLoop } from "../../process/load/work-loop.ts";
import type { InBatch, KafkaClient, Place } from "../../storage/log/kafka/kafka-client.ts";
import type { Membership } from "../../storage/log/kafka/kafka-group.ts";

export interface FollowGroupOptions {
  readonly client: KafkaClient;
  /** The consumer group, whose members share the partitions of `topics`. */
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Resolves when these needn't be read again. What it rejects with is told, and tried again. Of two
   * that take the same, the one of the greater generation is the member whose position counts.
   */
  readonly take: (batches: readonly InBatch[], generation: number) => Promise<void>;
  /** The rest after a reading of few records, ms; none by default. */
  readonly restMs?: number;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

const WAIT_MS = 500;
/** Records that are worth going on at once for. */
const MANY = 1_000;

/**
 * Reads topics as a member of a group, each partition in its order. A position is committed when
 * what is before it was taken: after a crash, or when the partitions are shared out anew, some of it
 * is taken again.
 */
export async function followGroup(
  options: FollowGroupOptions,
): Promise<{ close(): Promise<void> }> {
  const { client, topics, take, restMs, clock, onError } = options;
  const group = client.group(options.group, topics);
  const reader = client.reader();
  let membership: Membership | undefined;
  let next: Map<string, Place> | undefined;
  await group.join((joined) => {
    membership = joined;
    next = undefined;
  });

  const step = async (): Promise<{ readonly idle: boolean }> => {
    const current = membership;
    if (current === undefined || current.partitions.length === 0) return { idle: true };
    next ??= await placesOf(current);
    const batches = await reader.read([...next.values()], WAIT_MS);
    if (batches.length === 0 || membership !== current) return { idle: false };
    await take(batches, current.generation);
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
    return { idle: !isOurs || (restMs !== undefined && isSmall(batches)) };
  };
  const placesOf = async (of: Membership): Promise<Map<string, Place>> => {
    const known = new Map((await group.positions(of)).map((each) => [placeId(each), each.offset]));
    const starts = await client.ends([...new Set(of.partitions.map(({ topic }) => topic))]);
    const startOf = new Map(starts.map((each) => [placeId(each), each.start]));
    return new Map(
      of.partitions.map((each) => {
        const offset = known.get(placeId(each)) ?? startOf.get(placeId(each)) ?? 0;
        return [placeId(each), { ...each, offset }];
      }),
    );
  };
  const loop = startWorkLoop({ step, intervalMs: restMs ?? WAIT_MS, clock, onError });
  return {
    close: async () => {
      await loop.stop();
      await group.close();
      await reader.close();
    },
  };
}

const isSmall = (batches: readonly InBatch[]): boolean =>
  batches.reduce((sum, { records }) => sum + records.length, 0) < MANY;

const placeId = ({
  topic,
  partition,
}: {
  readonly topic: string;
  readonly partition: number;
}): string => `${partition} ${topic}`;
