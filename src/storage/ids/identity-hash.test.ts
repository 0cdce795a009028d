import assert from "node:assert/strict";
import { test } from "node:test";
import { identityHash } from "./identity-hash.ts";

const secret = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

function hash(topic: string, key: string, id: string, secretBytes = secret): string {
  const bytes = Buffer.from(`..${key}${id}`);
  const middle = 2 + Buffer.byteLength(key);
  const out = new Uint32Array(6);
  identityHash(secretBytes, topic).hash(bytes, 2, middle, middle, bytes.length, out, 1);
  assert.deepEqual([...out.subarray(0, 3)], [0, 0, 0]);
  return Buffer.from(out.buffer, 12).toString("hex");
}

test("the same identity gives the same hash", () => {
  assert.equal(hash("clicks", "ann", "e-1"), hash("clicks", "ann", "e-1"));
  assert.equal(hash("clicks", "ann", "e-1").length, 24);
});

test("topic, key, id, the border between them and the secret all matter", () => {
  const hashes = [
    hash("clicks", "ann", "e-1"),
    hash("views", "ann", "e-1"),
    hash("clicks", "bob", "e-1"),
    hash("clicks", "ann", "e-2"),
    hash("clicks", "anne", "-1"),
    hash("clicks", "", "anne-1"),
    hash("clicks", "anne-1", ""),
    hash("clicks", "ann", "e-1", Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9)),
  ];
  assert.equal(new Set(hashes).size, hashes.length);
});

test("long identities of lengths that agree modulo 256 differ", () => {
  assert.notEqual(
    hash("t", "k".repeat(4), "i".repeat(260)),
    hash("t", "k".repeat(260), "i".repeat(4)),
  );
  assert.notEqual(hash("t", "", "i".repeat(4)), hash("t", "", "i".repeat(260)));
});
