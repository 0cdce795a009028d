import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterLedger, type ClusterCounts } from "./cluster-ledger.ts";

const MINUTE = 60_000;
const at = (partition: number, n: number, minute = 0) => ({
  topic: "clicks",
  partition,
  minute,
  reason: "",
  source: "",
  n,
});

const told = (counts: Partial<ClusterCounts>): readonly string[] =>
  clusterLedger({
    received: [],
    clean: [],
    quarantined: [],
    refused: [],
    settledThrough: () => MINUTE,
    ...counts,
  }).map(({ minute, partition, status, reason, n }) =>
    [minute / MINUTE, partition ?? "-", status, reason, n].join(" ").replace("  ", " "),
  );

test("what of a settled minute isn't behind the gate is a duplicate", () => {
  assert.deepEqual(told({ received: [at(0, 5), at(1, 2)], clean: [at(0, 3), at(1, 2)] }), [
    "0 - in 5",
    "0 0 accepted 3",
    "0 - duplicate 2",
    "0 - in 2",
    "0 1 accepted 2",
  ]);
});

test("before a minute is settled everything counts as accepted, whoever was quicker", () => {
  const received = [at(0, 5, MINUTE), at(1, 1, MINUTE)];
  const clean = [at(0, 3, MINUTE), at(1, 4, MINUTE)];
  assert.deepEqual(told({ received, clean }), [
    "1 - in 5",
    "1 0 accepted 5",
    "1 - in 4",
    "1 1 accepted 4",
  ]);
});

test("events of a settled minute that nobody sent are a difference", () => {
  assert.deepEqual(told({ received: [at(0, 2)], clean: [at(0, 3)] }), [
    "0 - in 2",
    "0 0 accepted 3",
  ]);
});

test("what was kept out came in, too", () => {
  const kept = { topic: "clicks", partition: null, minute: 0, source: "http", n: 4 };
  assert.deepEqual(
    told({
      quarantined: [{ ...kept, reason: "RULE_BROKEN" }],
      refused: [{ ...kept, reason: "EVENT_NOT_JSON" }],
    }),
    ["0 - in 4", "0 - quarantined RULE_BROKEN 4", "0 - in 4", "0 - refused EVENT_NOT_JSON 4"],
  );
});
