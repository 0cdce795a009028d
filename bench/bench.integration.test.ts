import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../src/core/clock.ts";
import { verdicts } from "./figures.ts";
import { measure } from "./measure.ts";
import { readOptions } from "./options.ts";
import { reportText } from "./report.ts";

test("a small run gives every figure, and each event is in warehouse and lake once", async () => {
  const small = ["--events", "50000", "--ids", "200000", "--users", "20000"];
  const short = ["--half-load-seconds", "2", "--stage-events", "8000"];
  const options = readOptions([...small, ...short], { events: 1, ids: 1 });
  const figures = await measure(options, { clock: systemClock, progress: () => undefined });

  const { contents, sustained } = figures;
  assert.equal(contents.sent, contents.expected, "every event is accepted");
  assert.deepEqual(contents.warehouse, { rows: contents.expected, ids: contents.expected });
  assert.deepEqual(contents.lake, { rows: contents.expected, ids: contents.expected });
  assert.ok(contents.expected > 55_000);

  assert.equal(sustained.load.accepted, 50_000);
  assert.equal(sustained.tenths.length, 10);
  assert.deepEqual(Object.keys(sustained.caughtUpMs).toSorted(), ["lake", "load", "stream"]);
  for (const { name, value } of verdicts(figures)) assert.ok(Number.isFinite(value), name);
  assert.ok(figures.half.visibility.all.probes > 0);
  for (const [path, value] of numbersOf("", figures)) {
    assert.ok(Number.isFinite(value) && value >= 0, `${path} is ${value}`);
  }
  assert.match(reportText(figures), /pipeline, whole/);
});

/** Every number of a structure, with its path. */
function numbersOf(path: string, value: unknown): readonly (readonly [string, number])[] {
  if (typeof value === "number") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, below]) => numbersOf(`${path}.${name}`, below));
}
