import type { Place } from "../../storage/log/kafka/kafka-client.ts";
import type { Membership } from "../../storage/log/kafka/kafka-group.ts";
import type { ReaderPosition } from "../../storage/log/log.ts";
import type { DeployedTopic } from "./cluster-topics.ts";

/** Where to read a member's partitions on: where it has come to, or from their beginning. */
export function placesOf(
  { partitions }: Membership,
  topics: readonly DeployedTopic[],
  nameOf: (topic: string) => string,
  positions: readonly ReaderPosition[],
): readonly Place[] {
  const topicOf = new Map(topics.map(({ topic: { name } }) => [nameOf(name), name]));
  const known = new Map(positions.map((each) => [`${each.partition} ${each.topic}`, each.offset]));
  return partitions.flatMap(({ topic: name, partition }) => {
    const topic = topicOf.get(name);
    if (topic === undefined) return [];
    return [{ topic, partition, offset: known.get(`${partition} ${topic}`) ?? 0 }];
  });
}
