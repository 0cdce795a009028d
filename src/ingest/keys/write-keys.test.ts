import assert from "node:assert/strict";
import { test } from "node:test";
import { WriteKeys, writeKeyRecord } from "./write-keys.ts";

test("a record doesn't hold its key, and two records of one key differ", () => {
  const first = writeKeyRecord("a-write-key", "site");
  assert.ok(!JSON.stringify(first).includes("a-write-key"));
  assert.notEqual(first.hash, writeKeyRecord("a-write-key", "site").hash);
});

test("known keys are found, others aren't; a removed key is gone once forgotten", () => {
  let records = [writeKeyRecord("one", "1"), writeKeyRecord("two", "2")];
  const keys = new WriteKeys({ records: () => records });
  assert.equal(keys.find("two")?.name, "2");
  assert.equal(keys.find("two")?.name, "2");
  assert.equal(keys.find("three"), undefined);
  assert.equal(keys.find(""), undefined);
  assert.equal(keys.find("x".repeat(1000)), undefined);
  records = [];
  keys.forget();
  assert.equal(keys.find("two"), undefined);
});
