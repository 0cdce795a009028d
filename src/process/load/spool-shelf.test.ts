import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Spool, SpoolPart } from "./spool.ts";
import { SpoolShelf } from "./spool-shelf.ts";

const part = (from: number, to: number, rows = to - from): SpoolPart => ({
  partition: 0,
  from,
  to,
  rows,
  path: rows === 0 ? undefined : `${from}`,
  bytes: rows * 10,
  minTime: 0,
  maxTime: 0,
  minReceivedAt: 0,
  maxReceivedAt: 0,
});

const spool = (layoutId: number | undefined, ...parts: SpoolPart[]): Spool => ({
  topic: "t",
  layoutId,
  parts,
  rows: 0,
  bytes: 0,
  isWhole: true,
});

function shelfOf(bytesMax = 1e9) {
  const freed: string[] = [];
  const giveBack = (path: string): void => void freed.push(path);
  const files = { giveBack, take: () => "", discard: giveBack, clear: () => undefined };
  return { shelf: new SpoolShelf(files, bytesMax), freed };
}

const ALL = { rowsMax: Infinity, bytesMax: Infinity };
const taken = (shelf: SpoolShelf, from: number, bounds = ALL): number[][] | undefined =>
  shelf.take("t", 0, from, bounds)?.parts.map((each) => [each.from, each.to]);

test("parts that follow one another are taken together, within the bounds and one layout", () => {
  const { shelf } = shelfOf();
  shelf.put(spool(1, part(0, 10)));
  shelf.put(spool(1, part(10, 20)));
  shelf.put(spool(undefined, part(20, 21, 0)));
  shelf.put(spool(2, part(21, 30)));
  assert.equal(shelf.reach("t", 0, 0), 30);
  assert.deepEqual(taken(shelf, 0, { rowsMax: 5, bytesMax: Infinity }), [[0, 10]]);
  assert.deepEqual(taken(shelf, 10), [[10, 21]]);
  assert.deepEqual(taken(shelf, 21), [[21, 30]]);
  assert.equal(taken(shelf, 30), undefined);
  assert.equal(shelf.reach("t", 0, 30), 30);
  assert.equal(shelf.reach("t", 0, 25), undefined);
  assert.equal(shelf.reach("t", 1, 0), undefined);
});

test("one who is elsewhere is told where to go, and what he has passed is let go", () => {
  const { shelf, freed } = shelfOf();
  shelf.put(spool(1, part(50, 60)));
  shelf.put(spool(1, part(60, 70)));
  assert.equal(shelf.startAfter("t", 0, 20), 50);
  assert.equal(taken(shelf, 55), undefined);
  assert.deepEqual(freed, ["50"]);
  assert.equal(shelf.startAfter("t", 0, 55), 60);
  assert.deepEqual(taken(shelf, 60), [[60, 70]]);
  assert.deepEqual(freed, ["50"]);
});

test("too much, or a gap, empties the shelf; every file is freed once or taken once", () => {
  const puts = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 9 }), fc.boolean()),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(puts, fc.integer({ min: 0, max: 300 }), (all, bytesMax) => {
      const { shelf, freed } = shelfOf(bytesMax);
      const put: string[] = [];
      let at = 0;
      let done = 0;
      for (const [gap, rows, takes] of all) {
        const from = at + gap;
        at = from + rows + 1;
        if (rows > 0) put.push(`${from}`);
        shelf.put(spool(1, part(from, at, rows)));
        if (!takes) continue;
        const mine = shelf.take("t", 0, done, ALL);
        for (const each of mine?.parts ?? []) {
          assert.equal(each.from, done);
          done = each.to;
          if (each.path !== undefined) freed.push(each.path);
        }
        done = shelf.startAfter("t", 0, done) ?? done;
      }
      shelf.take("t", 0, Infinity, ALL);
      assert.deepEqual(freed.toSorted(), put.toSorted());
    }),
  );
});
