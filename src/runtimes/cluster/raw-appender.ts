import { KafkaAppender } from "../../storage/log/kafka/kafka-appender.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import type { MirrorWatch } from "./mirror/mirror-watch.ts";
import type { RoleOptions } from "./role.ts";

/** Identity is the gate's to say, behind the log: the door's hash is of no use to it. */
export const NO_SECRET = new Uint8Array(8);

/** What brings a door's rows to the raw topics of the definition. */
export const rawAppender = (
  { parts: { client, config, topics }, clock }: Pick<RoleOptions, "parts" | "clock">,
  { isHeld }: Pick<MirrorWatch, "isHeld">,
): KafkaAppender =>
  new KafkaAppender({
    client,
    clock,
    names: topicNames(config.prefix),
    topics: topics.flatMap(({ topic, rawSchemaId: schemaId, partitions }) =>
      schemaId === undefined ? [] : [{ topic, schemaId, partitions }],
    ),
    isHeld,
  });
