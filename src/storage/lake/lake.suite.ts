import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { manualClock, type ManualClock } from "../../core/clock.ts";
import type { MillraceError } from "../../core/errors.ts";
import { contractTests, type Gaps } from "../contract-tests.ts";
import type { LakeFile, LakeRange, LakeReader, LakeWriterPort, StagedFile } from "./lake.ts";

/** A lake under test: fresh storage, which writers and readers may be opened on again and again. */
export interface LakeUnderTest {
  writer(options: { clock: ManualClock }): LakeWriterPort | Promise<LakeWriterPort>;
  reader(options: { clock: ManualClock }): LakeReader;
  /** The bytes of a file of the lake; throws where it doesn't exist. */
  read(path: string): Buffer | Promise<Buffer>;
  dispose(): void | Promise<void>;
}

const TOPIC = "shop events/ä"; // names that a file system may mind
const NOON = Date.UTC(2025, 4, 3, 12);
const range = (from: number, to: number, partition = 0): LakeRange => ({
  topic: TOPIC,
  partition,
  from,
  to,
});

/** Writes a file of `text` as the lake's writer would. */
function stage(folder: string, date: string, text: string): StagedFile {
  const path = join(folder, `${date}.parquet`);
  writeFileSync(path, text);
  const time = Date.parse(`${date}T12:00:00Z`);
  const times = { minTime: time, maxTime: time, minReceivedAt: NOON, maxReceivedAt: NOON };
  return { path, date, rows: text.length, ...times };
}

/** What every lake must do, whatever it is made of. */
export function lakeSuite(
  name: string,
  open: () => LakeUnderTest | Promise<LakeUnderTest>,
  gaps?: Gaps,
): void {
  const contract = contractTests(gaps);
  const withLake = (
    title: string,
    body: (lake: LakeUnderTest, clock: ManualClock) => Promise<void>,
  ): void =>
    contract.test(title, async () => {
      const lake = await open();
      try {
        await body(lake, manualClock(NOON));
      } finally {
        await lake.dispose();
      }
    });
  const textsOf = (lake: LakeUnderTest, files: readonly LakeFile[]): Promise<string[]> =>
    Promise.all(files.map(async ({ path }) => String(await lake.read(path))));
  const write = async (
    lake: LakeWriterPort,
    each: LakeRange,
    texts: Record<string, string>,
  ): Promise<void> => {
    const folder = await lake.begin(each);
    await lake.commit(
      each,
      Object.entries(texts).map(([date, text]) => stage(folder, date, text)),
    );
  };
  const broken = { code: "INTERNAL" } satisfies Partial<MillraceError>;

  void describe(name, () => {
    withLake("files, coverage and find agree with what was committed", async (lake, clock) => {
      const writer = await lake.writer({ clock });
      const reader = lake.reader({ clock });
      await write(writer, range(0, 10), { "2025-05-03": "aaa", "2025-05-01": "bb" });
      await write(writer, range(10, 12), {});
      await write(writer, range(12, 20), { "2025-05-03": "c" });
      await write(writer, range(5, 6, 3), { "2025-05-02": "d" });
      for (const each of [writer, reader]) {
        const files = await each.files({ topic: TOPIC });
        const texts = await textsOf(lake, files);
        const seen = files.map(({ date, partition, from, to, rows }, at) => [
          date,
          partition,
          from,
          to,
          rows,
          texts[at],
        ]);
        assert.deepEqual(seen, [
          ["2025-05-01", 0, 0, 10, 2, "bb"],
          ["2025-05-02", 3, 5, 6, 1, "d"],
          ["2025-05-03", 0, 0, 10, 3, "aaa"],
          ["2025-05-03", 0, 12, 20, 1, "c"],
        ]);
        assert.deepEqual(
          (await each.coverage(TOPIC)).map(({ partition, offset }) => [partition, offset]),
          [
            [0, 20],
            [3, 6],
          ],
        );
        const days = await each.files({ topic: TOPIC, fromDay: "2025-05-02", toDay: "2025-05-02" });
        assert.equal(days.length, 1);
        const dates = async (offset: number): Promise<string[]> =>
          (await each.find(TOPIC, 0, offset)).map(({ date }) => date);
        assert.deepEqual(await Promise.all([9, 10, 12, 20].map(dates)), [
          ["2025-05-01", "2025-05-03"],
          [],
          ["2025-05-03"],
          [],
        ]);
        assert.deepEqual(await each.files({ topic: "other" }), []);
      }
      writer.close();
      reader.close();
    });

    withLake("a range that was begun is written again over the same files", async (lake, clock) => {
      const first = await lake.writer({ clock });
      const folder = await first.begin(range(0, 10));
      stage(folder, "2025-05-03", "half");
      first.close();
      const second = await lake.writer({ clock });
      assert.deepEqual(await second.pending(), [range(0, 10)]);
      assert.deepEqual(await second.files({ topic: TOPIC }), []);
      await assert.rejects(second.begin(range(0, 11)), broken);
      await write(second, range(0, 10), { "2025-05-03": "whole" });
      assert.deepEqual(await second.pending(), []);
      assert.deepEqual(await textsOf(lake, await second.files({ topic: TOPIC })), ["whole"]);
      second.close();
    });

    withLake("ranges follow one another: no gap, no overlap", async (lake, clock) => {
      const writer = await lake.writer({ clock });
      await write(writer, range(100, 110), {});
      for (const wrong of [range(109, 120), range(111, 120), range(110, 110)]) {
        await assert.rejects(writer.begin(wrong), broken);
      }
      assert.deepEqual(await writer.positions(), [{ topic: TOPIC, partition: 0, offset: 110 }]);
      writer.close();
    });

    withLake(
      "a merge replaces its files at once, unless a reader holds them",
      async (lake, clock) => {
        const writer = await lake.writer({ clock });
        const reader = lake.reader({ clock });
        await write(writer, range(0, 10), { "2025-05-02": "aa", "2025-05-03": "x" });
        await write(writer, range(10, 20), { "2025-05-02": "bbb", "2025-05-03": "y" });
        const query = { today: "2025-05-03", filesMax: 3, bytesMax: 100 };
        const [merge, ...others] = await writer.merges(query);
        assert.deepEqual(others, []);
        assert.equal(merge!.date, "2025-05-02");
        const release = await reader.hold(TOPIC, 1_000);
        const old = await reader.files({ topic: TOPIC });
        const merged = async (): Promise<StagedFile> =>
          stage(await writer.beginMerge(merge!), "2025-05-02", "aabbb");
        assert.equal(await writer.commitMerge(merge!, await merged()), false);
        assert.deepEqual(await reader.files({ topic: TOPIC }), old);
        await textsOf(lake, old);
        await release();
        const wrong = { ...(await merged()), rows: 4 };
        await assert.rejects(writer.commitMerge(merge!, wrong), broken);
        assert.equal(await writer.commitMerge(merge!, await merged()), true);
        const files = await reader.files({ topic: TOPIC, toDay: "2025-05-02" });
        assert.deepEqual(
          files.map(({ from, to }) => [from, to]),
          [[0, 20]],
        );
        assert.deepEqual(await textsOf(lake, files), ["aabbb"]);
        await assert.rejects(async () => lake.read(old[0]!.path));
        assert.deepEqual(await writer.merges(query), []);
        writer.close();
        reader.close();
      },
    );

    withLake("a hold that was forgotten ends by itself", async (lake, clock) => {
      const writer = await lake.writer({ clock });
      await write(writer, range(0, 1), { "2025-05-02": "a" });
      await write(writer, range(1, 2), { "2025-05-02": "b" });
      await writer.hold(TOPIC, 1_000);
      const [merge] = await writer.merges({ today: "2025-05-03", filesMax: 9, bytesMax: 100 });
      const merged = async (): Promise<StagedFile> =>
        stage(await writer.beginMerge(merge!), "2025-05-02", "ab");
      assert.equal(await writer.commitMerge(merge!, await merged()), false);
      clock.advance(1_001);
      assert.equal(await writer.commitMerge(merge!, await merged()), true);
      writer.close();
    });
    contract.end();
  });
}
