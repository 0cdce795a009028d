import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { followTables } from "../../process/dimension/follow-tables.ts";
import { openEmbeddedDimension } from "../../storage/dimension/embedded/embedded-dimension.ts";
import { KafkaBatchReader } from "../../storage/log/kafka/kafka-batch-reader.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { doorLookups } from "../shared/door-lookups.ts";
import type { RoleOptions } from "./role.ts";

/** The tables that the door looks things up in, as far as their topics were read. */
export async function openTables({ parts, settings }: RoleOptions) {
  const tables = parts.topics.filter(({ topic }) => topic.node.kind === "table");
  mkdirSync(settings.dataDir, { recursive: true });
  const store = openEmbeddedDimension(join(settings.dataDir, "dimensions.db"));
  const reader = new KafkaBatchReader({
    client: parts.client,
    rows: parts.rows,
    nameOf: topicNames(parts.config.prefix).clean,
  });
  const known = store.positions();
  const places = tables.flatMap(({ topic: { name }, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => {
      const position = known.find((each) => each.topic === name && each.partition === partition);
      return { topic: name, partition, offset: position?.offset ?? 0 };
    }),
  );
  await reader.assign(places);
  const { clean } = topicNames(parts.config.prefix);
  const wanted = await parts.client.ends(tables.map(({ topic }) => clean(topic.name)));
  const following = followTables({
    log: reader,
    store,
    topics: tables.map(({ topic }) => topic),
    layoutOf: (schemaId) => parts.layoutOf(schemaId).layout,
  });
  const isRead = (): boolean =>
    reader.ends().every((end) => {
      const asked = wanted.find(
        (each) => each.topic === clean(end.topic) && each.partition === end.partition,
      );
      return asked === undefined || end.end >= asked.end;
    });
  let isWhole = false;
  return {
    lookups: doorLookups(store),
    step: () => {
      const moved = following.step();
      // What was fetched is in the store now.
      isWhole ||= isRead();
      return moved;
    },
    /** Whether everything is known that was said before the start. */
    isWhole: () => isWhole,
    close: async () => {
      await reader.close();
      store.close();
    },
  };
}
