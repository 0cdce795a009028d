import { asMillraceError } from "../../core/errors.ts";
import { countMinutes } from "../../process/quality/count-minutes.ts";
import {
  QualityStore,
  type QuarantinedRecord,
  type ReceivedRange,
  type RefusedCount,
} from "../../process/quality/quality-store.ts";
import type { InBatch, InRecord } from "../../storage/log/kafka/kafka-client.ts";
import { topicNames, type TopicNames } from "../../storage/log/kafka/topic-names.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { followGroup } from "./follow-group.ts";
import type { RoleOptions } from "./role.ts";

/** Small inserts cost a warehouse more than they are worth. */
const REST_MS = 3_000;

/** The consumer group that counts, whose positions say how far it has come. */
export const qualityGroup = (names: TopicNames): string => `${names.ledger}.quality`;

/**
 * Brings to the warehouse what the ledger and the quarantine are made of: how many events lie in raw
 * topics, by minute; what collectors quarantined; what they refused.
 */
export async function followQuality(
  { plan, parts, clock, onProblem }: RoleOptions,
  warehouse: Warehouse,
): Promise<{ close(): Promise<void> }> {
  const names = topicNames(parts.config.prefix);
  const store = new QualityStore(warehouse);
  await store.create();
  const rawOf = new Map(
    parts.topics.flatMap(({ topic, rawSchemaId }) =>
      rawSchemaId === undefined ? [] : [[names.raw(topic.name), topic.name] as const],
    ),
  );
  const quarantineOf = new Map(
    [...plan.events, ...plan.tables].map(({ name }) => [names.quarantine(name), name] as const),
  );
  const counted = (topic: string, batch: InBatch, generation: number): ReceivedRange[] => {
    const [first] = batch.records;
    if (first === undefined) return [];
    const batches = parts.rows.batches(batch, first.offset);
    return [
      {
        topic,
        partition: batch.partition,
        fromOffset: first.offset,
        byMinute: countMinutes(batches, (id) => parts.layoutOf(id).layout),
        lastReceivedAt: batches.at(-1)?.lastReceivedAt ?? 0,
        generation,
      },
    ];
  };
  return followGroup({
    client: parts.client,
    group: qualityGroup(names),
    topics: [...rawOf.keys(), ...quarantineOf.keys(), names.ledger],
    take: async (batches, generation) => {
      await parts.rows.learn(batches.filter(({ topic }) => rawOf.has(topic)));
      const ranges = batches.flatMap((batch) => {
        const topic = rawOf.get(batch.topic);
        return topic === undefined ? [] : counted(topic, batch, generation);
      });
      const kept = batches.flatMap(({ topic: name, records }) => {
        const topic = quarantineOf.get(name);
        return topic === undefined ? [] : records.flatMap((each) => quarantinedIn(topic, each));
      });
      const refused = batches.flatMap(({ topic, records }) =>
        topic === names.ledger ? records.flatMap(refusedIn) : [],
      );
      await store.putReceived(ranges);
      await store.putQuarantined(kept);
      await store.putRefused(refused);
    },
    restMs: REST_MS,
    clock,
    onError: (thrown) => onProblem(asMillraceError(thrown).message),
  });
}

const orNull = (text: string | undefined): string | null =>
  text === undefined || text === "" ? null : text;

function quarantinedIn(
  topic: string,
  { offset, key, value, headers = {} }: InRecord,
): QuarantinedRecord[] {
  if (value === null) return [];
  const { reason = "", field, rule, source = "", received_at: receivedAt } = headers;
  const eventId = orNull(key === null ? undefined : Buffer.from(key).toString());
  return [
    {
      topic,
      offset,
      receivedAt: Number(receivedAt),
      reason,
      field: orNull(field),
      rule: orNull(rule),
      eventId,
      bytes: value,
      source,
    },
  ];
}

/** A record of `millrace.ledger`, as collectors write it. */
interface Counted {
  readonly received_at: number;
  readonly counts: readonly {
    readonly topic: string;
    readonly reason?: string;
    readonly source?: string;
    readonly n: number;
  }[];
}

function refusedIn({ offset, value }: InRecord): RefusedCount[] {
  if (value === null) return [];
  const { received_at: receivedAt, counts } = JSON.parse(Buffer.from(value).toString()) as Counted;
  return counts.map(({ topic, reason = "", source = "", n }, place) => ({
    offset,
    place,
    topic,
    receivedAt,
    reason,
    source,
    n,
  }));
}
