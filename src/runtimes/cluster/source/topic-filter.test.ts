import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesFilter } from "./topic-filter.ts";

test("levels, wildcards, and the broker's own topics", () => {
  const matching = [
    ["a/b", "a/b"],
    ["a/+", "a/b"],
    ["+/+", "/b"],
    ["a/#", "a/b/c"],
    ["a/#", "a"],
    ["#", "a/b"],
    ["+", "a"],
    ["a/+/c", "a//c"],
    ["$SYS/#", "$SYS/broker"],
  ] as const;
  for (const [filter, topic] of matching) assert.ok(matchesFilter(filter, topic), filter);
  const others = [
    ["a/b", "a/B"],
    ["a/+", "a"],
    ["a/+", "a/b/c"],
    ["+", "/a"],
    ["a/b", "a"],
    ["#", "$SYS/broker"],
    ["+/broker", "$SYS/broker"],
  ] as const;
  for (const [filter, topic] of others) assert.ok(!matchesFilter(filter, topic), filter);
});
