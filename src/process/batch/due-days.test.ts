import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { metric, count, event, session, sliding, t, tumbling } from "../../index.ts";
import { isHourClosed } from "./amend-metric.ts";
import { dueDays } from "./due-days.ts";
import { cutRanges, daysBetween, monthOf, rangesOf } from "./month.ts";

const DAY = 86_400_000;
const at = Date.parse("2024-02-28T00:00:00Z");

test("a day is due when all that came in time for it is in the store", () => {
  const options = {
    done: new Set<string>(),
    fromMs: at,
    graceMs: 300_000,
    slackMs: 10_000,
    daysMax: 9,
  };
  assert.deepEqual(dueDays({ ...options, coveredMs: at + DAY + 309_999 }), []);
  assert.deepEqual(dueDays({ ...options, coveredMs: at + DAY + 310_000 }), ["2024-02-28"]);
  const late = { ...options, coveredMs: at + 9 * DAY };
  assert.deepEqual(dueDays({ ...late, done: new Set(["2024-02-29"]), daysMax: 2 }), [
    "2024-02-28",
    "2024-03-01",
  ]);
  assert.deepEqual(dueDays({ ...late, coveredMs: -Infinity }), []);
});

describe("times", () => {
  test("months, days and ranges", () => {
    assert.deepEqual(monthOf(Date.parse("2024-12-31T23:59:59.999Z")), {
      partition: "202412",
      fromMs: Date.parse("2024-12-01"),
      toMs: Date.parse("2025-01-01"),
    });
    assert.equal(daysBetween("2024-02-28", "2024-03-01").length, 3);
    assert.deepEqual(daysBetween("2024-03-02", "2024-03-01"), []);
    assert.deepEqual(rangesOf([3, 1, 2, 7, 7], 1), [
      { fromMs: 1, toMs: 4 },
      { fromMs: 7, toMs: 8 },
    ]);
    assert.deepEqual(rangesOf([1, 7], 1, 5), [{ fromMs: 1, toMs: 8 }]);
    assert.deepEqual(cutRanges([{ fromMs: 0, toMs: 5 }], 2), [
      { fromMs: 0, toMs: 2 },
      { fromMs: 2, toMs: 4 },
      { fromMs: 4, toMs: 5 },
    ]);
  });

  test("an hour is closed when every window over it is", () => {
    const from = event(
      "e",
      { event_id: t.id(), at: t.timestamp() },
      { id: "event_id", time: "at", key: "event_id" },
    );
    const of = (window: ReturnType<typeof tumbling> | ReturnType<typeof session>) =>
      metric("m", { from, window, measures: { n: count() } }).node;
    const hour = 3_600_000;
    assert.equal(isHourClosed(of(tumbling("2h")), 0, 2 * hour - 1), false);
    assert.equal(isHourClosed(of(tumbling("2h")), 0, 2 * hour), true);
    assert.equal(isHourClosed(of(sliding("90m", "30m")), 0, 2 * hour - 1), false);
    assert.equal(isHourClosed(of(sliding("90m", "30m")), 0, 2 * hour), true);
    assert.equal(isHourClosed(of(session("30m")), 0, hour + 1_800_000 - 1), false);
    assert.equal(isHourClosed(of(session("30m")), 0, hour + 1_800_000), true);
  });
});
