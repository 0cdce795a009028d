import assert from "node:assert/strict";
import { test } from "node:test";
import { folderName, holdUntil, ObjectKeys } from "./object-keys.ts";

test("keys keep to signs that all stores take alike, and topics come back", () => {
  const keys = new ObjectKeys("some/prefix/");
  for (const topic of ["user-events.v1", "shop events/ä", "~", "%7E", "~7E", "a'(b)*!"]) {
    const folder = keys.commitsOf(topic);
    assert.match(folder, /^some\/prefix\/_commits\/[A-Za-z0-9._~-]+\/$/);
    assert.equal(folderName(folder), topic);
  }
  assert.equal(
    new ObjectKeys().data(
      { topic: "t", partition: 3, from: 1, to: 20 },
      "2025-01-02",
      "abcdef",
      "orc",
    ),
    "t/date=2025-01-02/p3-0000000000000001-0000000000000020-abcdef.orc",
  );
  assert.equal(holdUntil(keys.hold("t", 1_700_000_000_123, "chance")), 1_700_000_000_123);
});
