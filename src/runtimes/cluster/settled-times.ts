import type { Clock } from "../../core/clock.ts";
import { SLACK_MS } from "../../language/plan/window.ts";
import type { LedgerStage } from "../../process/quality/ledger.ts";
import type { LakeReader } from "../../storage/lake/lake.ts";
import type { Place } from "../../storage/log/kafka/kafka-client.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import type { ClusterParts } from "./cluster-parts.ts";
import { qualityGroup } from "./follow-quality.ts";
import { placeId, receivedTimes } from "./received-times.ts";

/** The next places that each part of a cluster takes, by Kafka's names of topics. */
export interface StagePlaces {
  /** Of raw topics. */
  readonly gate: readonly Place[];
  readonly count: readonly Place[];
  /** Of clean ones. */
  readonly load: readonly Place[];
  readonly stream: readonly Place[];
  /** Absent where there is no lake. */
  readonly lake?: readonly Place[];
}

type Parts = Pick<ClusterParts, "client" | "config" | "topics" | "rows">;

/** Asks how far everything has come. */
export async function stagePlaces(
  { client, config, topics }: Parts,
  lake: LakeReader | undefined,
): Promise<StagePlaces> {
  const names = topicNames(config.prefix);
  const coverage = async (reader: LakeReader): Promise<readonly Place[]> => {
    const all = topics.map(async ({ topic: { name } }) =>
      (await reader.coverage(name)).map((each) => ({ ...each, topic: names.clean(name) })),
    );
    return (await Promise.all(all)).flat();
  };
  const [gate, count, load, stream, covered] = await Promise.all([
    client.committed(`${names.streams}.gate`),
    client.committed(qualityGroup(names)),
    client.committed(`${names.ledger}.load`),
    client.committed(`${names.streams}.metrics`),
    lake && coverage(lake),
  ]);
  return { gate, count, load, stream, ...(covered && { lake: covered }) };
}

/** Up to which received time a stage has taken everything of a partition, exclusive, ms. */
export type SettledThrough = (stage: LedgerStage, topic: string, partition: number) => number;

/**
 * How far a cluster's stages have come, in received time. Behind the gate nobody can be further than
 * the gate itself, and a minute isn't over while collectors may still send what they have stamped.
 */
export async function settledTimes(
  parts: Parts,
  places: StagePlaces,
  clock: Clock,
): Promise<SettledThrough> {
  const names = topicNames(parts.config.prefix);
  const latest = clock.nowMs() - SLACK_MS;
  const clean = parts.topics.map(({ topic }) => names.clean(topic.name));
  const raw = parts.topics
    .filter(({ rawSchemaId }) => rawSchemaId !== undefined)
    .map(({ topic }) => names.raw(topic.name));
  const [gate, count, load, stream, lake] = await Promise.all([
    timesOf(parts, raw, places.gate),
    timesOf(parts, raw, places.count),
    timesOf(parts, clean, places.load),
    timesOf(parts, clean, places.stream),
    places.lake && timesOf(parts, clean, places.lake),
  ]);
  const behind = { load, stream, lake };
  return (stage, topic, partition) => {
    const passed = behind[stage];
    if (passed === undefined) return -Infinity;
    const before = placeId({ topic: names.raw(topic), partition });
    const times = [
      gate.get(before),
      count.get(before),
      passed.get(placeId({ topic: names.clean(topic), partition })),
    ];
    return Math.min(latest, ...times.map((time) => (time ?? Infinity) - SLACK_MS));
  };
}

/** When the first record that isn't taken was received; none where everything is taken. */
async function timesOf(
  parts: Pick<ClusterParts, "client" | "rows">,
  topics: readonly string[],
  positions: readonly Place[],
): Promise<ReadonlyMap<string, number>> {
  const known = new Map(positions.map((each) => [placeId(each), each.offset]));
  const ends = await parts.client.ends(topics);
  const from = ends.map((end) => Math.max(known.get(placeId(end)) ?? 0, end.start));
  return receivedTimes(parts, ends, from);
}
