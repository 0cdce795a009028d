import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MillraceError } from "../../../core/errors.ts";
import type { Batch, LogReader, ReadRequest } from "../log.ts";
import { KeptReads } from "./kept-reads.ts";

const BATCH_BYTES = 10;
const BATCH_EVENTS = 5;

/** A log of equal batches; counts the batches that are read of it. */
class CountedLog {
  end = 0;
  reads = 0;

  batch(baseOffset: number): Batch {
    const rows = new Uint8Array(BATCH_BYTES).fill(baseOffset);
    return {
      ...{ topic: "t", partition: 0, kind: "events", layoutId: 1, count: BATCH_EVENTS, rows },
      ...{ baseOffset, endOffset: baseOffset + BATCH_EVENTS, crc: 0 },
      ...{ firstReceivedAt: 0, lastReceivedAt: 0, minTime: 0, maxTime: 0 },
    } as const;
  }

  read({ from, bytesMax = Infinity }: ReadRequest): Batch[] {
    const batches: Batch[] = [];
    const start = Math.floor(from / BATCH_EVENTS) * BATCH_EVENTS;
    for (let at = start; at < this.end; at += BATCH_EVENTS) {
      if (batches.length > 0 && (batches.length + 1) * BATCH_BYTES > bytesMax) break;
      batches.push(this.batch(at));
    }
    this.reads += batches.length;
    return batches;
  }
}

/** Reads on from an offset; checks that rows are whole and follow one another. */
function readOn(reader: LogReader, from: number, bytesMax: number): number {
  let at = from;
  for (const batch of reader.read({ topic: "t", partition: 0, from, bytesMax })) {
    assert.equal(batch.baseOffset, at);
    assert.deepEqual([...batch.rows], [...new Uint8Array(BATCH_BYTES).fill(at)]);
    at = batch.endOffset;
  }
  return at;
}

describe("KeptReads", () => {
  it("reads once what both readers want", () => {
    const log = new CountedLog();
    const kept = new KeptReads(log as never, 1_000);
    log.end = 100;
    let at = 0;
    while (at < 100) at = readOn(kept.first, at, 30);
    assert.equal(log.reads, 20);
    at = 0;
    while (at < 100) at = readOn(kept.second, at, 50);
    assert.equal(log.reads, 20);
    assert.equal(readOn(kept.second, 100, 50), 100);
  });

  it("gives the log's batches in order, whoever is ahead and whatever found no room", () => {
    for (const bytesMax of [0, 25, 60, 1_000]) {
      const log = new CountedLog();
      const kept = new KeptReads(log as never, bytesMax);
      let [first, second] = [0, 0];
      for (let n = 0; n < 300; n++) {
        log.end += (n % 3) * BATCH_EVENTS;
        if (n % 7 < 3) first = readOn(kept.first, first, 20 + (n % 5) * 10);
        if (n % 5 < 2 || n > 200) second = readOn(kept.second, second, 15 + (n % 4) * 20);
      }
      while (first < log.end) first = readOn(kept.first, first, 40);
      while (second < log.end) second = readOn(kept.second, second, 40);
    }
  });

  it("passes on what the log throws", () => {
    const read = (): never => {
      throw new MillraceError("OFFSET_TRIMMED", "gone");
    };
    const kept = new KeptReads({ read } as never);
    for (const reader of [kept.first, kept.second]) {
      assert.throws(() => readOn(reader, 0, 1), { code: "OFFSET_TRIMMED" });
    }
  });
});
