/** The door's rows through real brokers: to raw topics, and back as the log's batches. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, describe, test } from "node:test";
import { Admin, Producer } from "@platformatic/kafka";
import { engineSuite } from "../../../../engines/engine-test.ts";
import shop from "../../../../examples/shop/pipeline.ts";
import { systemClock } from "../../../core/clock.ts";
import { murmur2, partitionOf } from "../../../core/murmur2.ts";
import { encodeRow } from "../../../language/compile/javascript/encode-row.ts";
import { rowEnd, rowToObject } from "../../../language/compile/javascript/row-to-object.ts";
import { topicsOf } from "../../../language/plan/topic.ts";
import type { Value } from "../../../language/plan/value.ts";
import { SLACK_MS } from "../../../language/plan/window.ts";
import type { RowSet } from "../append-request.ts";
import type { Batch, PartitionEnd } from "../log.ts";
import { KafkaAppender } from "./kafka-appender.ts";
import { KafkaBatchReader } from "./kafka-batch-reader.ts";
import { KafkaClient } from "./kafka-client.ts";
import { RowBatches } from "./row-batches.ts";
import { topicNames } from "./topic-names.ts";

const topic = topicsOf(shop.plan).find(({ name }) => name === "user-events")!;
const SCHEMA_ID = 17;
const PARTITIONS = 3;
const NOW = 1_700_000_000_000;

await engineSuite("the log on Kafka", ["kafka"], ({ kafka }, cluster) => {
  const client = new KafkaClient(kafka, "millrace-test");
  const rows = new RowBatches({
    of: () => ({ layout: topic.layout, time: topic.time }),
    learn: async () => undefined,
  });
  const readers: KafkaBatchReader[] = [];
  after(async () => {
    for (const reader of readers) await reader.close();
    await client.close();
  });

  /** An appender and a reader of topics that nobody else has. */
  async function openLog(): Promise<{
    appender: KafkaAppender;
    reader: KafkaBatchReader;
    raw: string;
  }> {
    const names = topicNames(`test-${randomUUID()}`);
    const raw = names.raw(topic.name);
    await client.ensureTopics([{ name: raw, partitions: PARTITIONS }]);
    const topics = [{ topic, schemaId: SCHEMA_ID, partitions: PARTITIONS }];
    const appender = new KafkaAppender({ client, clock: systemClock, names, topics });
    const reader = new KafkaBatchReader({ client, rows, nameOf: names.raw });
    readers.push(reader);
    await reader.assign(fromStart);
    return { appender, reader, raw };
  }

  describe("the log on Kafka", () => {
    test("rows come back as they went in, with offset, partition and received time", async () => {
      const { appender, reader } = await openLog();
      const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);
      const before = Date.now();
      const { sets, receivedAt } = await appender.append({ sets: [setOf(users)] });
      assert.ok(receivedAt >= before && receivedAt <= Date.now());
      const batches = await readUntil(reader, users.length);
      const found = batches.flatMap((batch) => rowsIn(batch));
      assert.equal(found.length, users.length);
      for (const [index, user] of users.entries()) {
        const row = found.find((each) => each["user_id"] === user)!;
        const partition = partitionOf(murmur2(Buffer.from(user)), PARTITIONS);
        assert.deepEqual(
          [row["_partition"], row["_offset"], row["received_at"], row["timestamp"]],
          [partition, sets[0]!.offsets[index], iso(receivedAt), iso(NOW + index)],
        );
        assert.equal(sets[0]!.partitions[index], partition);
      }
    });

    test("many requests at once keep their order, and a reader may go back", async () => {
      const { appender, reader } = await openLog();
      const requests = Array.from({ length: 50 }, (_, index) => `user-${index % 5}`);
      await Promise.all(requests.map((user) => appender.append({ sets: [setOf([user, user])] })));
      const first = await readUntil(reader, 100);
      for (const batch of first) {
        const offsets = rowsIn(batch).map((row) => row["_offset"]);
        assert.deepEqual(
          offsets,
          [...offsets.keys()].map((each) => each + batch.baseOffset),
        );
      }
      const again = await readUntil(reader, 100);
      assert.equal(countOf(again), 100);
      const [{ partition, start, end }] = reader.ends().filter((each) => each.end > 20) as [
        PartitionEnd,
      ];
      const within = { topic: topic.name, partition, from: start + 7, to: end - 5 };
      const part = reader.read(within);
      assert.deepEqual(
        part.flatMap((batch) => rowsIn(batch)).map((row) => row["_offset"]),
        Array.from({ length: end - start - 12 }, (_, index) => start + 7 + index),
      );
      assert.deepEqual([part[0]!.baseOffset, part.at(-1)!.endOffset], [within.from, within.to]);
    });

    test("a heartbeat is a batch without rows in every partition", async () => {
      const { appender, reader } = await openLog();
      await appender.append({ sets: [setOf(["a"])] });
      const beat = await appender.heartbeat();
      const partition = partitionOf(murmur2(Buffer.from("a")), PARTITIONS);
      const wanted = [0, 1, 2].map((each) => (each === partition ? 2 : 1));
      await until(() => reader.ends().every(({ end }, index) => end === wanted[index]));
      for (const { start: from, ...end } of reader.ends()) {
        const last = reader.read({ ...end, from }).at(-1)!;
        assert.deepEqual(
          [last.kind, last.count, last.rows.length, last.lastReceivedAt, last.endOffset],
          ["heartbeat", 0, 0, beat, wanted[end.partition]],
        );
      }
    });

    test("what a transaction wrote that was aborted isn't read", async () => {
      const { appender, reader, raw } = await openLog();
      const producer = new Producer({
        clientId: "test-transactions",
        bootstrapBrokers: [...kafka.bootstrap],
        transactionalId: randomUUID(),
        idempotent: true,
        acks: -1,
      });
      for (const user of ["first", "second", "third"]) {
        const transaction = await producer.beginTransaction();
        await transaction.send({
          messages: [{ topic: raw, partition: 0, value: Buffer.from(`not a record: ${user}`) }],
        });
        await transaction.abort();
      }
      await producer.close();
      const users = Array.from({ length: 9 }, (_, index) => `u${index}`);
      await appender.append({ sets: [setOf(users)] });
      const batches = await readUntil(reader, users.length);
      assert.equal(countOf(batches), users.length);
    });

    test("a broker that is killed stops nothing, and comes back", async () => {
      const { appender, reader } = await openLog();
      await appender.append({ sets: [setOf(["before"])] });
      await cluster.kill("kafka-2");
      for (let index = 0; index < 20; index++)
        await appender.append({ sets: [setOf([`u${index}`])] });
      await cluster.startAgain("kafka-2");
      await appender.append({ sets: [setOf(["after"])] });
      // What was sent again after a failure may be there twice, but all of it is there.
      const usersIn = (found: readonly Batch[]): ReadonlySet<unknown> =>
        new Set(found.flatMap(rowsIn).map((row) => row["user_id"]));
      const batches = await until(() => {
        const found = allOf(reader);
        return usersIn(found).size >= 22 ? found : undefined;
      });
      for (let of = 0; of < PARTITIONS; of++) {
        const stamps = batches
          .filter(({ partition }) => partition === of)
          .map((each) => each.firstReceivedAt);
        const back = stamps.map((stamp, index) => Math.max(...stamps.slice(0, index + 1)) - stamp);
        assert.ok(
          back.every((ms) => ms < SLACK_MS),
          `received times run back by ${Math.max(...back)} ms`,
        );
      }
      assert.equal(usersIn(batches).size, 22);
    });

    test("offsets that were removed unread are an error, not a gap", async () => {
      const { appender, reader, raw } = await openLog();
      const { sets } = await appender.append({ sets: [setOf(["a", "b", "c", "d", "e", "f"])] });
      const [partition, last] = [sets[0]!.partitions[0]!, 2];
      const admin = new Admin({ clientId: "test-trim", bootstrapBrokers: [...kafka.bootstrap] });
      for (let count = 0; count < last; count++) await appender.append({ sets: [setOf(["a"])] });
      await admin.deleteRecords({
        topics: [{ name: raw, partitions: [{ partition, offset: BigInt(last) }] }],
      });
      await admin.close();
      const place = { topic: topic.name, partition };
      await assert.rejects(reader.assign([{ ...place, offset: 1 }]), { code: "OFFSET_TRIMMED" });
      await reader.assign([{ ...place, offset: 0 }]);
      assert.equal(reader.ends()[0]!.start, last);
    });

    test("a record that isn't one of ours is told with its place", async () => {
      const { reader, raw } = await openLog();
      const value = Buffer.from("{}");
      await client.send([{ topic: raw, partition: 1, key: null, value }]);
      const said = await until(() => {
        try {
          reader.ends();
          return undefined;
        } catch (error) {
          return error as Error;
        }
      });
      assert.match(said.message, /user-events, partition 1, offset 0/);
    });
  });
});

const fromStart = Array.from({ length: PARTITIONS }, (_, partition) => ({
  topic: topic.name,
  partition,
  offset: 0,
}));

const iso = (ms: number): string => new Date(ms).toISOString();

/** One page view of each user, a millisecond apart. */
function setOf(users: readonly string[]): RowSet {
  const rows = users.map((user, index) => {
    const values = new Map<string, Value>([
      ["event_id", randomUUID()],
      ["user_id", user],
      ["event_type", "page_view"],
      ["timestamp", NOW + index],
      ["_flags", 0n],
    ]);
    return encodeRow(
      topic.layout,
      topic.layout.columns.map(({ name }) => values.get(name) ?? null),
    );
  });
  const rowStarts = new Uint32Array(rows.length);
  for (let index = 1; index < rows.length; index++) {
    rowStarts[index] = rowStarts[index - 1]! + rows[index - 1]!.length;
  }
  return {
    topic: topic.name,
    layoutId: SCHEMA_ID,
    rows: new Uint8Array(Buffer.concat(rows)),
    rowStarts,
    times: Float64Array.from(users, (_, index) => NOW + index),
    partitionHash: Int32Array.from(users, (user) => murmur2(Buffer.from(user))),
  };
}

function rowsIn(batch: Batch): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  for (let at = 0; at < batch.rows.length;) {
    const object = rowToObject(topic.layout, batch.rows, at) as Record<string, unknown>;
    found.push(object);
    at = rowEnd(topic.layout, batch.rows, at);
  }
  return found;
}

const countOf = (batches: readonly Batch[]): number =>
  batches.reduce((sum, { count }) => sum + count, 0);

/** What every partition has from its start on. */
const allOf = (reader: KafkaBatchReader): readonly Batch[] =>
  reader.ends().flatMap(({ start: from, ...end }) => reader.read({ ...end, from }));

/** Reads every partition from its start until so many rows are there. */
async function readUntil(reader: KafkaBatchReader, count: number): Promise<readonly Batch[]> {
  return until(() => {
    const batches = allOf(reader);
    return countOf(batches) >= count ? batches : undefined;
  });
}

/** What `look` gives at last; the test's own time limit ends it. */
async function until<T>(look: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
