import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, describe, test } from "node:test";
import { manualClock } from "../../../core/clock.ts";
import { murmur2, partitionOf } from "../../../core/murmur2.ts";
import { IdsIndex } from "../../ids/ids-index.ts";
import { identityHash } from "../../ids/identity-hash.ts";
import type { AppendRequest, AppendResult, RowSet } from "../append-request.ts";
import type { PartitionEnd } from "../log.ts";
import { pending, readAll } from "../log.suite.ts";
import { openEmbeddedLogReader } from "./embedded-log-reader.ts";
import { openEmbeddedLog } from "./embedded-log.ts";
import { Gate } from "./gate.ts";
import { startLogWriter, type LogWriter, type LogWriterOptions } from "./log-writer.ts";

const START = 1_700_000_000_000;
const dirs: string[] = [];
after(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

function tempDir(): string {
  const dir = mkdtempSync(`${tmpdir()}/millrace-writer-`);
  dirs.push(dir);
  return dir;
}

/** Rows whose text is their key and id at once. */
function rowSet(topic: string, texts: readonly string[], secret?: Uint8Array): RowSet {
  const { layoutId, rows, rowStarts, times } = pending(topic, 0, texts);
  const partitionHash = Int32Array.from(texts, (text) => murmur2(Buffer.from(text)));
  if (secret === undefined) return { topic, layoutId, rows, rowStarts, times, partitionHash };
  const hashes = new Uint32Array(texts.length * 3);
  const hasher = identityHash(secret, topic);
  for (const [row, text] of texts.entries()) {
    const bytes = Buffer.from(text);
    hasher.hash(bytes, 0, bytes.length, 0, bytes.length, hashes, row);
  }
  return { topic, layoutId, rows, rowStarts, times, partitionHash, hashes };
}

const statuses = (result: AppendResult): number[][] => result.sets.map(({ status }) => [...status]);

/** Every row's text with its place. */
function stored(dir: string, topic: string, partitions: number): Map<string, string> {
  const reader = openEmbeddedLogReader(dir);
  const texts = new Map<string, string>();
  for (let partition = 0; partition < partitions; partition++) {
    for (const { rows, baseOffset, count } of readAll(reader, topic, partition)) {
      const found =
        Buffer.from(rows)
          .toString("latin1")
          .match(/[a-z][a-z0-9-]{2,}/g) ?? [];
      assert.equal(found.length, count);
      for (const [row, text] of found.entries())
        texts.set(text, `${partition}/${baseOffset + row}`);
    }
  }
  reader.close();
  return texts;
}

async function withWriter(
  options: Partial<LogWriterOptions>,
  body: (writer: LogWriter, dir: string) => Promise<void>,
): Promise<void> {
  const dir = options.dir ?? tempDir();
  const writer = await startLogWriter({ dir, topics: [{ topic: "t", partitions: 3 }], ...options });
  try {
    await body(writer, dir);
  } finally {
    await writer.close();
  }
}

describe("the log-writer thread", () => {
  test("answers each event with its place, and duplicates with none", () =>
    withWriter({}, async (writer, dir) => {
      const append = (...texts: string[]): Promise<AppendResult> =>
        writer.append({ sets: [rowSet("t", texts, writer.secret)], source: "test" });
      // in flight together: the second waits for the first's commit
      const [one, two] = await Promise.all([append("ann", "bob", "ann"), append("bob", "cyd")]);
      const three = await append("cyd", "dee");
      assert.deepEqual([one, two, three].map(statuses), [[[0, 0, 1]], [[1, 0]], [[1, 0]]]);
      const places = stored(dir, "t", 3);
      assert.deepEqual([...places.keys()].toSorted(), ["ann", "bob", "cyd", "dee"]);
      for (const [text, result, row] of [
        ["ann", one, 0],
        ["bob", one, 1],
        ["cyd", two, 1],
        ["dee", three, 1],
      ] as const) {
        const { offsets, partitions } = result.sets[0]!;
        assert.equal(partitions[row], partitionOf(murmur2(Buffer.from(text)), 3));
        assert.equal(places.get(text), `${partitions[row]}/${offsets[row]}`);
      }
      assert.equal(one.sets[0]!.offsets[2], -1);
      const reader = openEmbeddedLogReader(dir);
      const counts = { accepted: 0, duplicate: 0 };
      for (const { status, n } of reader.ledger({ from: 0, to: Infinity }))
        counts[status as "accepted"] += n;
      assert.deepEqual(counts, { accepted: 4, duplicate: 3 });
      reader.close();
    }));

  test("a request with several topics is one commit; derived rows follow their parents", () =>
    withWriter(
      {
        topics: [
          { topic: "t", partitions: 2 },
          { topic: "paid", partitions: 1 },
        ],
      },
      async (writer, dir) => {
        const request = (...texts: string[]): AppendRequest => {
          const derived = {
            ...rowSet(
              "paid",
              texts.map((text) => `${text}-paid`),
            ),
          };
          const parent = { set: 0, rows: Int32Array.from(texts, (_, row) => row) };
          return { sets: [rowSet("t", texts, writer.secret), { ...derived, parent }] };
        };
        assert.deepEqual(statuses(await writer.append(request("ann", "bob"))), [
          [0, 0],
          [0, 0],
        ]);
        assert.deepEqual(statuses(await writer.append(request("bob", "cyd"))), [
          [1, 0],
          [1, 0],
        ]);
        assert.deepEqual(
          [...stored(dir, "paid", 1)],
          [
            ["ann-paid", "0/0"],
            ["bob-paid", "0/1"],
            ["cyd-paid", "0/2"],
          ],
        );
        assert.equal((await writer.stats()).commits, 2);
      },
    ));

  for (const tableIdsMax of [3_000_000, 8]) {
    test(`remembers ids over restarts, up to the horizon (tables of ${tableIdsMax})`, async () => {
      const dir = tempDir();
      const clock = new SharedArrayBuffer(8);
      const now = new Float64Array(clock);
      const options = { dir, clock, tableIdsMax, horizonMs: 10_000 };
      const texts = Array.from({ length: 30 }, (_, index) => `id-${index}`);
      for (const [nowMs, expected] of [
        [START, 0],
        [START + 10_000, 1],
        [START + 10_001, 0],
        [START + 15_000, 1],
      ] as const) {
        now[0] = nowMs;
        await withWriter(options, async (writer) => {
          for (const text of texts) {
            const result = await writer.append({ sets: [rowSet("t", [text], writer.secret)] });
            assert.deepEqual([result.receivedAt, statuses(result)], [nowMs, [[expected]]]);
          }
          const hash = rowSet("t", ["id-7"], writer.secret).hashes!;
          const place = await writer.locate(hash);
          assert.equal(place?.receivedAt, nowMs < START + 10_001 ? START : START + 10_001);
          assert.equal(place?.topic, "t");
          assert.equal(await writer.locate(new Uint32Array(3).fill(9)), undefined);
        });
      }
      assert.equal(stored(dir, "t", 3).size, 30);
    });
  }

  test("too much waiting is refused at once, and what waits is stored", () =>
    withWriter({ queueBytesMax: 5_000 }, async (writer, dir) => {
      const requests = Array.from({ length: 20 }, (_, index) =>
        writer.append({ sets: [rowSet("t", [`id-${index}-${"x".repeat(900)}`], writer.secret)] }),
      );
      const outcomes = await Promise.allSettled(requests);
      const refused = outcomes.filter(({ status }) => status === "rejected");
      for (const outcome of refused)
        assert.equal(outcome.status === "rejected" && outcome.reason.code, "RATE_LIMITED");
      assert.equal(refused.length, 15);
      assert.equal(stored(dir, "t", 3).size, 5);
      const { waitingBytes, waitingRequests } = await writer.stats();
      assert.deepEqual([waitingBytes, waitingRequests], [0, 0]);
    }));

  test("a wrong request fails alone", () =>
    withWriter({}, async (writer, dir) => {
      const good = (text: string): RowSet => rowSet("t", [text], writer.secret);
      const outcomes = await Promise.allSettled([
        writer.append({ sets: [good("ann")] }),
        writer.append({ sets: [{ ...good("bob"), topic: "unknown" }] }),
        writer.append({ sets: [{ ...good("cyd"), times: new Float64Array(2) }] }),
        writer.append({ sets: [good("dee")] }),
      ]);
      const codes = outcomes.map((outcome) =>
        outcome.status === "rejected" ? outcome.reason.code : "ok",
      );
      assert.deepEqual(codes, ["ok", "TOPIC_UNKNOWN", "INTERNAL", "ok"]);
      assert.deepEqual([...stored(dir, "t", 3).keys()].toSorted(), ["ann", "dee"]);
    }));

  test("quarantine, heartbeat, positions and retention go through it", () =>
    withWriter({ requiredReaders: ["lake"] }, async (writer, dir) => {
      const bytes = Buffer.from("[{},{}]").subarray(1, 3);
      const item = { topic: "t", reason: "FIELD_MISSING", bytes };
      await writer.append({
        sets: [],
        quarantine: [item],
        counts: [{ topic: "t", status: "in", n: 1 }],
      });
      await writer.heartbeat();
      await writer.setPositions("lake", [{ topic: "t", partition: 0, offset: 1 }]);
      const reader = openEmbeddedLogReader(dir);
      assert.equal(Buffer.from(reader.quarantined({})[0]!.bytes).toString(), "{}");
      assert.deepEqual(
        reader.ends().map(({ end }) => end),
        [1, 1, 1],
      );
      assert.deepEqual(reader.positions("lake"), [{ topic: "t", partition: 0, offset: 1 }]);
      assert.equal((await writer.trim({ olderThanMs: -1_000 })).heldBack?.reader, "lake");
      reader.close();
    }));

  test("a folder in use, and a closed writer", async () => {
    const dir = tempDir();
    const writer = await startLogWriter({ dir, topics: [] });
    await assert.rejects(startLogWriter({ dir, topics: [] }), { code: "STORAGE_LOCKED" });
    await writer.close();
    await writer.close();
    assert.equal(await writer.ended, undefined);
    await assert.rejects(writer.append({ sets: [] }), { code: "NOT_READY" });
  });
});

test("the ids of a failed append are not remembered", async () => {
  const dir = tempDir();
  const log = openEmbeddedLog({ dir, clock: manualClock(START), pagesMax: 60 });
  log.ensureTopic("t", 1);
  const ids = new IdsIndex<PartitionEnd[]>({
    dir: `${dir}/ids`,
    horizonMs: 1_000,
    mark: () => log.ends(),
    covered: () => {},
  });
  const gate = new Gate(log, ids);
  const secret = log.secret("ids", 8);
  const request = (texts: readonly string[]): AppendRequest => ({
    sets: [rowSet("t", texts, secret)],
  });
  const big = "x".repeat(200_000);
  let stored = 0;
  await assert.rejects(
    async () => {
      for (;;) {
        await gate.commit([request([`${stored}-${big}`])]);
        stored++;
      }
    },
    { code: "STORAGE_FULL" },
  );
  assert.ok(stored > 0);
  log.trim({ bytesMax: 0 });
  const [again] = await gate.commit([request([`${stored}-${big}`, `0-${big}`])]);
  assert.deepEqual(statuses(again!), [[0, 1]]);
  assert.equal(again!.sets[0]!.offsets[0], stored);
  await ids.close();
  log.close();
});
