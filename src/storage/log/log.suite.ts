import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock, type ManualClock } from "../../core/clock.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Batch, LogReader, LogWriterPort, PendingBatch } from "./log.ts";
import { batchCrc, ROW_PATCHED_BYTES } from "./row-header.ts";

/** A log under test: fresh storage, which writers and readers may be opened on again and again. */
export interface LogUnderTest {
  writer(options: {
    clock: ManualClock;
    requiredReaders?: string[];
    batchBytesMax?: number;
  }): LogWriterPort;
  reader(): LogReader;
  dispose(): void;
}

const START = 1_700_000_000_000;

/** Rows of `ROW_PATCHED_BYTES` + 1 + text: the header, flags, the text itself. */
export function pending(topic: string, partition: number, texts: readonly string[]): PendingBatch {
  const rows = texts.map((text) => Buffer.from(`${"\0".repeat(ROW_PATCHED_BYTES + 1)}${text}`));
  const rowStarts = new Uint32Array(rows.length);
  for (let row = 1; row < rows.length; row++)
    rowStarts[row] = rowStarts[row - 1]! + rows[row - 1]!.length;
  return {
    topic,
    partition,
    layoutId: 7,
    rows: new Uint8Array(Buffer.concat(rows)),
    rowStarts,
    times: Float64Array.from(texts, (_, index) => START - index * 1_000),
    ids: Uint32Array.from(texts.flatMap((text) => [...idOf(text)])),
  };
}

/** A stand-in for the identity hash of a text of at most 12 characters. */
export function idOf(text: string): Uint32Array {
  const bytes = Buffer.alloc(12);
  bytes.write(text);
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 12));
}

/** Every batch of a partition. */
export function readAll(
  log: LogReader,
  topic: string,
  partition: number,
  bytesMax?: number,
): Batch[] {
  const all: Batch[] = [];
  for (;;) {
    const from =
      all.at(-1)?.endOffset ??
      log.ends().find((end) => end.topic === topic && end.partition === partition)!.start;
    const batches = log.read({
      topic,
      partition,
      from,
      ...(bytesMax === undefined ? {} : { bytesMax }),
    });
    if (batches.length === 0) return all;
    all.push(...batches);
  }
}

/** What every log must do, whatever it is made of. */
export function logSuite(name: string, open: () => LogUnderTest): void {
  const withLog = (
    title: string,
    body: (log: LogUnderTest, clock: ManualClock) => void,
  ): Promise<void> =>
    test(title, () => {
      const log = open();
      try {
        body(log, manualClock(START));
      } finally {
        log.dispose();
      }
    });

  describe(`${name}: the log's contract`, () => {
    withLog(
      "rows get offset, received time and partition, and come back as they went in",
      (log, clock) => {
        const writer = log.writer({ clock });
        writer.ensureTopic("t", 3);
        const first = writer.append({ batches: [pending("t", 2, ["a", "bb", "ccc"])] });
        assert.deepEqual(first, {
          receivedAt: START,
          appended: [{ topic: "t", partition: 2, baseOffset: 0, endOffset: 3 }],
        });
        clock.advance(5);
        writer.append({ batches: [pending("t", 2, ["dddd"]), pending("t", 0, ["e"])] });
        const reader = log.reader();
        const [one, two] = reader.read({ topic: "t", partition: 2, from: 0 });
        assert.ok(one && two);
        const { rows, crc, ...shape } = one;
        assert.deepEqual(shape, {
          topic: "t",
          partition: 2,
          baseOffset: 0,
          endOffset: 3,
          count: 3,
          kind: "events",
          layoutId: 7,
          firstReceivedAt: START,
          lastReceivedAt: START,
          minTime: START - 2_000,
          maxTime: START,
        });
        assert.equal(crc, batchCrc(one, rows));
        const view = new DataView(rows.buffer, rows.byteOffset, rows.length);
        for (const [row, start] of [0, 20, 41].entries()) {
          assert.equal(view.getBigUint64(start, true), BigInt(row));
          assert.equal(view.getBigInt64(start + 8, true), BigInt(START));
          assert.equal(view.getUint16(start + 16, true), 2);
        }
        assert.equal(Buffer.from(rows).toString("latin1", 41 + 19), "ccc");
        assert.equal(two.baseOffset, 3);
        assert.equal(two.firstReceivedAt, START + 5);
        reader.close();
        writer.close();
      },
    );

    withLog(
      "a read begins with the batch that contains the offset and stops at its bound",
      (log, clock) => {
        const writer = log.writer({ clock });
        writer.ensureTopic("t", 1);
        for (const texts of [["a", "b", "c"], ["d"], ["e", "f"]]) {
          writer.append({ batches: [pending("t", 0, texts)] });
        }
        const reader = log.reader();
        const bases = (from: number, bytesMax?: number): number[] =>
          reader
            .read({
              topic: "t",
              partition: 0,
              from,
              ...(bytesMax === undefined ? {} : { bytesMax }),
            })
            .map(({ baseOffset }) => baseOffset);
        assert.deepEqual(bases(0), [0, 3, 4]);
        assert.deepEqual(bases(2), [0, 3, 4]);
        assert.deepEqual(bases(3), [3, 4]);
        assert.deepEqual(bases(5), [4]);
        assert.deepEqual(bases(6), []);
        assert.deepEqual(bases(0, 1), [0]);
        assert.deepEqual(bases(0, 80), [0, 3]);
        assert.throws(() => reader.read({ topic: "t", partition: 1, from: 0 }), {
          code: "TOPIC_UNKNOWN",
        });
        assert.deepEqual(reader.ends(), [{ topic: "t", partition: 0, start: 0, end: 6 }]);
        reader.close();
        writer.close();
      },
    );

    withLog(
      "a batch larger than its limit is stored as several, offsets running on",
      (log, clock) => {
        const writer = log.writer({ clock, batchBytesMax: 50 });
        writer.ensureTopic("t", 1);
        const texts = ["a", "b", "c", "x".repeat(80), "d", "e"];
        const { appended } = writer.append({ batches: [pending("t", 0, texts)] });
        assert.deepEqual(appended[0], { topic: "t", partition: 0, baseOffset: 0, endOffset: 6 });
        const reader = log.reader();
        const batches = readAll(reader, "t", 0, 60);
        assert.deepEqual(
          batches.map(({ baseOffset, count }) => [baseOffset, count]),
          [
            [0, 2],
            [2, 1],
            [3, 1],
            [4, 2],
          ],
        );
        assert.equal(reader.locate(idOf("e"), START)?.offset, 5);
        reader.close();
        writer.close();
      },
    );

    withLog("everything is there after closing and opening again", (log, clock) => {
      let writer = log.writer({ clock });
      writer.ensureTopic("t", 2);
      writer.append({ batches: [pending("t", 1, ["a", "b"])] });
      writer.setPositions("loader", [{ topic: "t", partition: 1, offset: 2 }]);
      const secret = writer.secret("ids", 8);
      writer.close();
      clock.set(START - 60_000);
      writer = log.writer({ clock });
      writer.ensureTopic("t", 2);
      assert.equal(writer.partitionsOf("t"), 2);
      assert.throws(() => writer.ensureTopic("t", 3), { code: "CONFIG_INVALID" });
      assert.deepEqual(writer.secret("ids", 8), secret);
      assert.deepEqual(writer.positions("loader"), [{ topic: "t", partition: 1, offset: 2 }]);
      const { receivedAt, appended } = writer.append({ batches: [pending("t", 1, ["c"])] });
      assert.equal(receivedAt, START, "received times don't run backwards with the clock");
      assert.equal(appended[0]?.baseOffset, 2);
      writer.close();
    });

    withLog("a failed append leaves nothing", (log, clock) => {
      const writer = log.writer({ clock });
      writer.ensureTopic("t", 1);
      const commit = {
        batches: [pending("t", 0, ["a"]), pending("unknown", 0, ["b"])],
        counts: [{ topic: "t", status: "in" as const, n: 2 }],
      };
      assert.throws(() => writer.append(commit), { code: "TOPIC_UNKNOWN" });
      const reader = log.reader();
      assert.deepEqual(reader.ends(), [{ topic: "t", partition: 0, start: 0, end: 0 }]);
      assert.deepEqual(reader.ledger({ from: 0, to: Infinity }), []);
      assert.equal(writer.append({ batches: [pending("t", 0, ["a"])] }).appended[0]?.baseOffset, 0);
      reader.close();
      writer.close();
    });

    withLog(
      "a heartbeat takes one offset of every partition and moves its progress",
      (log, clock) => {
        const writer = log.writer({ clock });
        writer.ensureTopic("t", 2);
        writer.ensureTopic("u", 1);
        writer.append({ batches: [pending("t", 0, ["a"])] });
        const reader = log.reader();
        assert.deepEqual(reader.progress("t"), [START, -Infinity]);
        clock.advance(2_000);
        assert.equal(writer.heartbeat(), START + 2_000);
        assert.deepEqual(reader.progress("t"), [START + 2_000, START + 2_000]);
        const [, beat] = reader.read({ topic: "t", partition: 0, from: 0 });
        assert.equal(beat?.kind, "heartbeat");
        assert.deepEqual(
          [beat?.baseOffset, beat?.endOffset, beat?.count, beat?.rows.length],
          [1, 2, 0, 0],
        );
        assert.equal(beat?.firstReceivedAt, START + 2_000);
        assert.deepEqual(
          reader.ends().map(({ end }) => end),
          [2, 1, 1],
        );
        reader.close();
        writer.close();
      },
    );

    withLog("changed tells once of each commit", (log, clock) => {
      const writer = log.writer({ clock });
      writer.ensureTopic("t", 1);
      const reader = log.reader();
      assert.equal(reader.changed(), true);
      assert.equal(reader.changed(), false);
      writer.heartbeat();
      assert.equal(reader.changed(), true);
      assert.equal(reader.changed(), false);
      reader.close();
      writer.close();
    });

    withLog("ledger and quarantine come with the events they are about", (log, clock) => {
      const writer = log.writer({ clock });
      writer.ensureTopic("t", 2);
      const commit = {
        batches: [pending("t", 0, ["a", "b"]), pending("t", 1, ["c"])],
        counts: [
          { topic: "t", status: "in" as const, source: "http", n: 6 },
          { topic: "t", status: "duplicate" as const, n: 1 },
          { topic: "t", status: "refused" as const, reason: "EVENT_TOO_LARGE", n: 1 },
        ],
        quarantine: [
          {
            topic: "t",
            reason: "FIELD_TYPE",
            field: "price",
            eventId: "e9",
            source: "http",
            bytes: new Uint8Array(Buffer.from(`{"price":"x"}`)),
          },
        ],
      };
      writer.append(commit);
      writer.append({ batches: [pending("t", 0, ["d"])] });
      const reader = log.reader();
      const minute = START - (START % 60_000);
      const rows = reader.ledger({ from: minute, to: minute + 60_000, topic: "t" });
      assert.deepEqual(
        rows.map(({ partition, status, reason, source, n }) => [
          partition,
          status,
          reason,
          source,
          n,
        ]),
        [
          [null, "duplicate", "", "", 1],
          [null, "in", "", "http", 6],
          [null, "quarantined", "FIELD_TYPE", "http", 1],
          [null, "refused", "EVENT_TOO_LARGE", "", 1],
          [0, "accepted", "", "", 3],
          [1, "accepted", "", "", 1],
        ],
      );
      assert.deepEqual(reader.ledger({ from: minute + 60_000, to: Infinity }), []);
      const [item] = reader.quarantined({ topic: "t", reason: "FIELD_TYPE" });
      assert.ok(item);
      const { bytes, ...rest } = item;
      assert.equal(Buffer.from(bytes).toString(), `{"price":"x"}`);
      assert.deepEqual(rest, {
        id: 1,
        topic: "t",
        receivedAt: START,
        reason: "FIELD_TYPE",
        field: "price",
        rule: null,
        eventId: "e9",
        source: "http",
      });
      assert.deepEqual(reader.quarantined({ after: 1 }), []);
      assert.equal(reader.quarantined({ eventId: "e9" }).length, 1);
      assert.equal(reader.quarantined({ eventId: "e8" }).length, 0);
      reader.close();
      writer.close();
    });

    withLog("an event is found by its identity", (log, clock) => {
      const writer = log.writer({ clock });
      writer.ensureTopic("t", 2);
      writer.append({ batches: [pending("t", 0, ["a", "b"]), pending("t", 1, ["c", "d"])] });
      const reader = log.reader();
      const place = { topic: "t", partition: 1, offset: 1, index: 1, receivedAt: START };
      assert.deepEqual(reader.locate(idOf("d"), START), place);
      assert.equal(reader.locate(idOf("e"), START), undefined);
      assert.equal(reader.locate(idOf("d"), START + 1), undefined);
      reader.close();
      writer.close();
    });

    withLog("retention by time and size waits for the slowest required reader", (log, clock) => {
      const writer = log.writer({ clock, requiredReaders: ["lake", "warehouse"] });
      writer.ensureTopic("t", 1);
      for (const text of ["a", "b", "c", "d"]) {
        writer.append({ batches: [pending("t", 0, [text])] });
        clock.advance(1_000);
      }
      const old = { olderThanMs: 2_500 };
      const nothingElse = { quarantinedRemoved: 0, ledgerRowsRemoved: 0 };
      const at = (reader: string, offset: number): void =>
        writer.setPositions(reader, [{ topic: "t", partition: 0, offset }]);
      at("warehouse", 4);
      const none = writer.trim(old);
      assert.deepEqual(
        [none.batchesRemoved, none.heldBack],
        [0, { reader: "lake", topic: "t", partition: 0, offset: 0 }],
      );
      at("lake", 1);
      assert.deepEqual(writer.trim(old), {
        batchesRemoved: 1,
        bytesRemoved: 20,
        bytes: 60,
        ...nothingElse,
        more: false,
        heldBack: { reader: "lake", topic: "t", partition: 0, offset: 1 },
      });
      at("lake", 4);
      assert.deepEqual(writer.trim(old), {
        batchesRemoved: 1,
        bytesRemoved: 20,
        bytes: 40,
        ...nothingElse,
        more: false,
      });
      assert.deepEqual(writer.trim({ bytesMax: 39 }), {
        batchesRemoved: 1,
        bytesRemoved: 20,
        bytes: 20,
        ...nothingElse,
        more: false,
      });
      const reader = log.reader();
      assert.deepEqual(reader.ends(), [{ topic: "t", partition: 0, start: 3, end: 4 }]);
      assert.throws(() => reader.read({ topic: "t", partition: 0, from: 1 }), {
        code: "OFFSET_TRIMMED",
      });
      assert.equal(reader.read({ topic: "t", partition: 0, from: 3 }).length, 1);
      writer.trim({ bytesMax: 0 });
      assert.deepEqual(reader.ends(), [{ topic: "t", partition: 0, start: 4, end: 4 }]);
      assert.equal(writer.append({ batches: [pending("t", 0, ["e"])] }).appended[0]?.baseOffset, 4);
      reader.close();
      writer.close();
    });

    withLog("retention of quarantine and ledger: by age alone, nothing younger", (log, clock) => {
      const writer = log.writer({ clock });
      writer.ensureTopic("t", 1);
      const minute = START - (START % 60_000);
      const bad = { topic: "t", reason: "FIELD_TYPE", bytes: Buffer.from("{}") };
      const commit = (): void =>
        void writer.append({
          batches: [pending("t", 0, ["a"])],
          counts: [{ topic: "t", status: "in", n: 2 }],
          quarantine: [bad],
        });
      commit();
      clock.advance(60_000);
      commit();
      const reader = log.reader();
      const left = (): readonly [quarantined: readonly number[], minutes: readonly number[]] => [
        reader.quarantined({}).map(({ receivedAt }) => receivedAt),
        [...new Set(reader.ledger({ from: 0, to: Infinity }).map((row) => row.minute))],
      ];
      const all = [
        [START, START + 60_000],
        [minute, minute + 60_000],
      ];
      writer.trim({});
      assert.deepEqual(left(), all, "without bounds they are kept for ever");
      const justKept = { quarantineOlderThanMs: 60_000, ledgerOlderThanMs: START - minute + 1 };
      writer.trim(justKept);
      assert.deepEqual(left(), all, "of exactly that age, and a minute that isn't all older");
      clock.advance(1);
      const trimmed = writer.trim(justKept);
      assert.deepEqual([trimmed.quarantinedRemoved, trimmed.ledgerRowsRemoved], [1, 3]);
      assert.deepEqual([trimmed.batchesRemoved, trimmed.more], [0, false]);
      assert.deepEqual(left(), [[START + 60_000], [minute + 60_000]]);
      commit();
      assert.equal(reader.quarantined({}).at(-1)!.id, 3, "a number isn't given twice");
      reader.close();
      writer.close();
    });

    withLog(
      "retention of quarantine and ledger takes a bounded number of rows a step",
      (log, clock) => {
        const writer = log.writer({ clock });
        writer.ensureTopic("t", 1);
        const bad = { topic: "t", reason: "FIELD_TYPE", bytes: Buffer.from("{}") };
        const counts = Array.from({ length: 900 }, (_, index) => ({
          topic: "t",
          status: "refused" as const,
          reason: `reason ${index}`,
          n: 1,
        }));
        const quarantine = Array.from({ length: 900 }, () => bad);
        for (let n = 0; n < 3; n++) {
          writer.append({ batches: [], counts, quarantine });
          clock.advance(60_000);
        }
        const bounds = { quarantineOlderThanMs: 1, ledgerOlderThanMs: 1 };
        const steps: (readonly [number, number, boolean])[] = [];
        for (let more = true; more;) {
          const step = writer.trim(bounds);
          steps.push([step.quarantinedRemoved, step.ledgerRowsRemoved, step.more]);
          more = step.more;
        }
        assert.deepEqual(steps, [
          [LIMITS.trimRowsMax, 1_802, true],
          [2_700 - LIMITS.trimRowsMax, 901, false],
        ]);
        writer.close();
      },
    );

    withLog("a second writer is refused, and welcome after the first", (log, clock) => {
      const writer = log.writer({ clock });
      assert.throws(() => log.writer({ clock }), {
        code: "STORAGE_LOCKED",
        message: /in use by process \d+/,
      });
      writer.close();
      log.writer({ clock }).close();
    });
  });
}
