import assert from "node:assert/strict";
import { test } from "node:test";
import { halfSipHash, packWords } from "./half-sip-hash.ts";

const key = { k0: 0x03020100, k1: 0x07060504 };

function hash(length: number, cRounds: number, dRounds: number, outWords: number): string {
  const bytes = Uint8Array.from({ length }, (_, index) => index);
  const words = new Uint32Array(length / 4 + 2);
  const count = packWords(bytes, 0, length, words, 0);
  const out = new Uint32Array(outWords);
  halfSipHash(words, count, key, cRounds, dRounds, out, 0, outWords);
  return Buffer.from(out.buffer).toString("hex");
}

test("HalfSipHash-2-4, 32 bits: the reference vectors", () => {
  const expected =
    "a9359f5b 27475ab8 fa62a603 8afee704 2a6e4689 c5fab669 5863fc23 8bcf63c5 d0b8848f";
  assert.deepEqual(
    expected.split(" "),
    Array.from({ length: 9 }, (_, length) => hash(length, 2, 4, 1)),
  );
  assert.equal(hash(63, 2, 4, 1), "59ea4a74");
});

test("HalfSipHash-2-4, 64 bits: the reference vectors", () => {
  const expected =
    "218d1f59b9b83cc8 be552412f8387315 064f39ef7c50eb57 ce0f1a45f7060679 d5e78a175be52ea1 cb9d7c3f2f3db580";
  assert.deepEqual(
    expected.split(" "),
    Array.from({ length: 6 }, (_, length) => hash(length, 2, 4, 2)),
  );
});

test("HalfSipHash-1-3, 32 bits: the vectors of the Linux kernel's test", () => {
  const expected = [0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b];
  const actual = expected.map((_, length) =>
    Buffer.from(hash(length, 1, 3, 1), "hex").readUInt32LE(),
  );
  assert.deepEqual(actual, expected);
});

test("96 bits begin with the 64-bit hash", () => {
  for (let length = 0; length < 64; length++) {
    assert.equal(hash(length, 1, 3, 3).slice(0, 16), hash(length, 1, 3, 2));
  }
});
