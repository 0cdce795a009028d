import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { splitBatch } from "./split-batch.ts";

const SEED = Number(process.env["SEED"] ?? 20_260_922);

test(`parts are the batch, whole rows, within the bound where rows are (seed ${SEED})`, () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });
  const property = fc.property(
    lengths,
    fc.integer({ min: 1, max: 100 }),
    (rowLengths, bytesMax) => {
      const rowStarts = new Uint32Array(rowLengths.length);
      let bytes = 0;
      for (const [row, length] of rowLengths.entries()) {
        rowStarts[row] = bytes;
        bytes += length;
      }
      const rows = Uint8Array.from({ length: bytes }, (_, at) => at);
      const times = Float64Array.from(rowLengths);
      const ids = Uint32Array.from(rowLengths.flatMap((length) => [length, length, length]));
      const batch = { topic: "t", partition: 0, layoutId: 1, rows, rowStarts, times, ids };
      const parts = splitBatch(batch, bytesMax);
      assert.deepEqual(Buffer.concat(parts.map((part) => part.rows)), Buffer.from(rows));
      assert.deepEqual(
        parts.flatMap((part) => [...part.times]),
        rowLengths,
      );
      assert.deepEqual(
        parts.flatMap((part) => [...part.ids!]),
        [...ids],
      );
      for (const part of parts) {
        assert.ok(part.rows.length <= bytesMax || part.times.length === 1);
        assert.equal(
          part.rows.length,
          part.times.reduce((sum, length) => sum + length, 0),
        );
      }
    },
  );
  fc.assert(property, { seed: SEED });
});
