import assert from "node:assert/strict";
import { test } from "node:test";
import { copyBytes } from "./copy-bytes.ts";

test("ranges of every length are copied from and to every alignment, and nothing else", () => {
  const from = Uint8Array.from({ length: 64 }, (_, at) => at + 1);
  for (let start = 0; start < 9; start++) {
    for (let length = 0; length <= 40; length++) {
      for (const at of [0, 1, 7, 8]) {
        const to = new Uint8Array(64);
        const expected = new Uint8Array(64);
        expected.set(from.subarray(start, start + length), at);
        const end = copyBytes(
          new DataView(to.buffer),
          at,
          new DataView(from.buffer),
          start,
          start + length,
        );
        assert.equal(end, at + length);
        assert.deepEqual(to, expected);
      }
    }
  }
});
