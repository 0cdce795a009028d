import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { engineSuite } from "../../../../engines/engine-test.ts";
import { KafkaClient } from "./kafka-client.ts";
import type { KafkaGroup, Membership } from "./kafka-group.ts";

const PARTITIONS = 4;
const timeout = 300_000;

await engineSuite("a group on Kafka", ["kafka"], ({ kafka }) => {
  test("whoever joins later gets an even share of every topic", { timeout }, async () => {
    const prefix = `group${process.pid}-${Date.now().toString(36)}`;
    const client = new KafkaClient({ bootstrap: kafka.bootstrap }, prefix);
    const topics = [`${prefix}.few`, `${prefix}.many`];
    await client.ensureTopics(topics.map((name) => ({ name, partitions: PARTITIONS })));
    const newest = new Map<KafkaGroup, Membership>();
    const join = async (): Promise<KafkaGroup> => {
      const group = client.group(prefix, topics);
      await group.join((membership) => newest.set(group, membership));
      return group;
    };
    const sharesOf = (group: KafkaGroup): readonly number[] =>
      topics.map((name) => {
        const { partitions = [] } = newest.get(group) ?? {};
        return partitions.filter(({ topic }) => topic === name).length;
      });
    const groups: KafkaGroup[] = [];
    try {
      groups.push(await join());
      assert.deepEqual(sharesOf(groups[0]!), [PARTITIONS, PARTITIONS]);
      groups.push(await join());
      const half = [PARTITIONS / 2, PARTITIONS / 2];
      const isEven = (group: KafkaGroup): boolean => String(sharesOf(group)) === String(half);
      while (!groups.every(isEven)) await sleep(200);
      const all = groups.flatMap((group) => newest.get(group)!.partitions);
      const places = new Set(all.map(({ topic, partition }) => `${partition} ${topic}`));
      assert.equal(places.size, topics.length * PARTITIONS);
    } finally {
      for (const group of groups) await group.close();
      await client.deleteTopics(topics);
      await client.close();
    }
  });
});
