import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseTime } from "./parse-time.ts";
import { readTime } from "./read-time.ts";

const SEED = Number(process.env["SEED"] ?? 7);

test("RFC 3339 is read; anything else isn't", () => {
  assert.equal(parseTime("2026-03-01T12:00:00Z"), Date.parse("2026-03-01T12:00:00Z"));
  assert.equal(parseTime("2026-03-01t12:00:00.123999z"), Date.parse("2026-03-01T12:00:00.123Z"));
  assert.equal(parseTime("2026-03-01 12:00:00+05:30"), Date.parse("2026-03-01T06:30:00Z"));
  assert.equal(parseTime("2016-12-31T23:59:60Z"), Date.parse("2017-01-01T00:00:00Z"));
  for (const text of [
    "2026-03-01",
    "2026-03-01T12:00Z",
    "2026-02-29T00:00:00Z",
    "2026-03-01T12:00:00+0530",
    "Sun, 01 Mar 2026",
  ]) {
    assert.equal(parseTime(text), undefined, text);
  }
});

test("a zone reads local times, its change of clocks included", () => {
  const berlin = (text: string): string =>
    new Date(parseTime(text, "Europe/Berlin")!).toISOString();
  assert.equal(berlin("2026-01-15 08:26"), "2026-01-15T07:26:00.000Z");
  assert.equal(berlin("2026-07-15T08:26:00"), "2026-07-15T06:26:00.000Z");
  assert.equal(berlin("2026-10-25T02:30:00"), "2026-10-25T00:30:00.000Z"); // twice: the earlier
  assert.equal(berlin("2026-03-29T02:30:00"), "2026-03-29T01:30:00.000Z"); // skipped
  assert.equal(berlin("2026-07-15T08:26:00Z"), "2026-07-15T08:26:00.000Z");
});

test("reading by digits agrees with Date for every time there is", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
      (date) => {
        const text = date.toISOString();
        const bytes = Buffer.from(text);
        assert.equal(readTime(bytes, 0, bytes.length), date.getTime());
        assert.equal(parseTime(text), date.getTime());
      },
    ),
    { seed: SEED, numRuns: 2000 },
  );
});
