import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { manualClock, type ManualClock } from "../../core/clock.ts";
import type { MillraceError } from "../../core/errors.ts";
import type { LakeRange, LakeReader, LakeWriterPort, StagedFile } from "./lake.ts";

/** A lake under test: fresh storage, which writers and readers may be opened on again and again. */
export interface LakeUnderTest {
  writer(options: { clock: ManualClock }): LakeWriterPort;
  reader(options: { clock: ManualClock }): LakeReader;
  /** The bytes of a file of the lake; throws where it doesn't exist. */
  read(path: string): Buffer;
  dispose(): void;
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
export function lakeSuite(name: string, open: () => LakeUnderTest): void {
  const withLake = (
    title: string,
    body: (lake: LakeUnderTest, clock: ManualClock) => void,
  ): Promise<void> =>
    test(title, () => {
      const lake = open();
      try {
        body(lake, manualClock(NOON));
      } finally {
        lake.dispose();
      }
    });
  const write = (lake: LakeWriterPort, each: LakeRange, texts: Record<string, string>): void => {
    const folder = lake.begin(each);
    lake.commit(
      each,
      Object.entries(texts).map(([date, text]) => stage(folder, date, text)),
    );
  };
  const broken = { code: "INTERNAL" } satisfies Partial<MillraceError>;

  void describe(name, () => {
    void withLake("files, coverage and find agree with what was committed", (lake, clock) => {
      const writer = lake.writer({ clock });
      const reader = lake.reader({ clock });
      write(writer, range(0, 10), { "2025-05-03": "aaa", "2025-05-01": "bb" });
      write(writer, range(10, 12), {});
      write(writer, range(12, 20), { "2025-05-03": "c" });
      write(writer, range(5, 6, 3), { "2025-05-02": "d" });
      for (const each of [writer, reader]) {
        const files = each.files({ topic: TOPIC });
        const seen = files.map(({ date, partition, from, to, rows, path }) => [
          date,
          partition,
          from,
          to,
          rows,
          lake.read(path).toString(),
        ]);
        assert.deepEqual(seen, [
          ["2025-05-01", 0, 0, 10, 2, "bb"],
          ["2025-05-02", 3, 5, 6, 1, "d"],
          ["2025-05-03", 0, 0, 10, 3, "aaa"],
          ["2025-05-03", 0, 12, 20, 1, "c"],
        ]);
        assert.deepEqual(
          each.coverage(TOPIC).map(({ partition, offset }) => [partition, offset]),
          [
            [0, 20],
            [3, 6],
          ],
        );
        const days = each.files({ topic: TOPIC, fromDay: "2025-05-02", toDay: "2025-05-02" });
        assert.equal(days.length, 1);
        const dates = (offset: number): string[] =>
          each.find(TOPIC, 0, offset).map(({ date }) => date);
        assert.deepEqual(
          [dates(9), dates(10), dates(12), dates(20)],
          [["2025-05-01", "2025-05-03"], [], ["2025-05-03"], []],
        );
        assert.deepEqual(each.files({ topic: "other" }), []);
      }
      writer.close();
      reader.close();
    });

    void withLake("a range that was begun is written again over the same files", (lake, clock) => {
      const first = lake.writer({ clock });
      const folder = first.begin(range(0, 10));
      stage(folder, "2025-05-03", "half");
      first.close();
      const second = lake.writer({ clock });
      assert.deepEqual(second.pending(), [range(0, 10)]);
      assert.deepEqual(second.files({ topic: TOPIC }), []);
      assert.throws(() => second.begin(range(0, 11)), broken);
      write(second, range(0, 10), { "2025-05-03": "whole" });
      assert.deepEqual(second.pending(), []);
      assert.deepEqual(
        second.files({ topic: TOPIC }).map(({ path }) => lake.read(path).toString()),
        ["whole"],
      );
      second.close();
    });

    void withLake("ranges follow one another: no gap, no overlap", (lake, clock) => {
      const writer = lake.writer({ clock });
      write(writer, range(100, 110), {});
      for (const wrong of [range(109, 120), range(111, 120), range(110, 110)]) {
        assert.throws(() => writer.begin(wrong), broken);
      }
      assert.deepEqual(writer.positions(), [{ topic: TOPIC, partition: 0, offset: 110 }]);
      writer.close();
    });

    void withLake(
      "a merge replaces its files at once, unless a reader holds them",
      (lake, clock) => {
        const writer = lake.writer({ clock });
        const reader = lake.reader({ clock });
        write(writer, range(0, 10), { "2025-05-02": "aa", "2025-05-03": "x" });
        write(writer, range(10, 20), { "2025-05-02": "bbb", "2025-05-03": "y" });
        const query = { today: "2025-05-03", filesMax: 3, bytesMax: 100 };
        const [merge, ...others] = writer.merges(query);
        assert.deepEqual(others, []);
        assert.equal(merge!.date, "2025-05-02");
        const release = reader.hold(TOPIC, 1_000);
        const old = reader.files({ topic: TOPIC });
        const merged = (): StagedFile => stage(writer.beginMerge(merge!), "2025-05-02", "aabbb");
        assert.equal(writer.commitMerge(merge!, merged()), false);
        assert.deepEqual(reader.files({ topic: TOPIC }), old);
        for (const { path } of old) lake.read(path);
        release();
        assert.throws(() => writer.commitMerge(merge!, { ...merged(), rows: 4 }), broken);
        assert.equal(writer.commitMerge(merge!, merged()), true);
        const files = reader.files({ topic: TOPIC, toDay: "2025-05-02" });
        assert.deepEqual(
          files.map(({ from, to, path }) => [from, to, lake.read(path).toString()]),
          [[0, 20, "aabbb"]],
        );
        assert.throws(() => lake.read(old[0]!.path));
        assert.deepEqual(writer.merges(query), []);
        writer.close();
        reader.close();
      },
    );

    void withLake("a hold that was forgotten ends by itself", (lake, clock) => {
      const writer = lake.writer({ clock });
      write(writer, range(0, 1), { "2025-05-02": "a" });
      write(writer, range(1, 2), { "2025-05-02": "b" });
      writer.hold(TOPIC, 1_000);
      const [merge] = writer.merges({ today: "2025-05-03", filesMax: 9, bytesMax: 100 });
      const merged = (): StagedFile => stage(writer.beginMerge(merge!), "2025-05-02", "ab");
      assert.equal(writer.commitMerge(merge!, merged()), false);
      clock.advance(1_001);
      assert.equal(writer.commitMerge(merge!, merged()), true);
      writer.close();
    });
  });
}
