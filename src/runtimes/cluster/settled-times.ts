import type { Clock } from "../../core/clock.ts";
import { SLACK_MS } from "../../language/plan/window.ts";
import type { LedgerStage } from "../../process/quality/ledger.ts";
import type { LakeReader } from "../../storage/lake/lake.ts";
import type { Place } from "../../storage/log/kafka/kafka-client.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import type { ClusterParts } from "./cluster-parts.ts";
import { qualityGroup } from "./follow-quality.ts";
import { placeId, receivedTimes } from "./received-times.ts";

export interface SettledTimes {
  /** Up to which received time a stage has taken everything of a partition, exclusive, ms. */
  of(stage: LedgerStage, topic: string, partition: number): number;
  /** The next offset of a partition that a stage takes; 0 where it has taken nothing. */
  next(stage: "lake" | "stream", topic: string, partition: number): number;
}

/**
 * How far a cluster's stages have come at this moment. Behind the gate nobody can be further than the
 * gate itself, and a minute isn't over while collectors may still send what they have stamped.
 */
export async function settledTimes(
  parts: Pick<ClusterParts, "client" | "config" | "topics" | "rows">,
  lake: LakeReader | undefined,
  clock: Clock,
): Promise<SettledTimes> {
  const { client, config } = parts;
  const names = topicNames(config.prefix);
  const latest = clock.nowMs() - SLACK_MS;
  const topics = parts.topics.map(({ topic }) => topic.name);
  const withRaw = parts.topics.filter(({ rawSchemaId }) => rawSchemaId !== undefined);
  const covered = await Promise.all(
    topics.map(async (topic): Promise<readonly Place[]> => {
      const positions = (await lake?.coverage(topic)) ?? [];
      return positions.map((each) => ({ ...each, topic: names.clean(topic) }));
    }),
  );
  const clean = topics.map(names.clean);
  const raw = withRaw.map(({ topic }) => names.raw(topic.name));
  const stream = await client.committed(`${names.streams}.metrics`);
  const passed = {
    gate: await timesOf(parts, raw, await client.committed(`${names.streams}.gate`)),
    count: await timesOf(parts, raw, await client.committed(qualityGroup(names))),
    load: await timesOf(parts, clean, await client.committed(`${names.ledger}.load`)),
    lake: await timesOf(parts, clean, covered.flat()),
    stream: await timesOf(parts, clean, stream),
  };
  return {
    of: (stage, topic, partition) => {
      if (stage === "lake" && lake === undefined) return -Infinity;
      const before = placeId({ topic: names.raw(topic), partition });
      const behind = placeId({ topic: names.clean(topic), partition });
      const times = [passed.gate.get(before), passed.count.get(before), passed[stage].get(behind)];
      return Math.min(latest, ...times.map((time) => (time ?? Infinity) - SLACK_MS));
    },
    next: (stage, topic, partition) => {
      const places = stage === "lake" ? covered.flat() : stream;
      const name = names.clean(topic);
      const place = places.find((each) => each.topic === name && each.partition === partition);
      return Math.max(0, place?.offset ?? 0);
    },
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
