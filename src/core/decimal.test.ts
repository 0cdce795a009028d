import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { divideHalfUp, formatDecimal, parseDecimal } from "./decimal.ts";

test("a decimal survives text and back", () => {
  fc.assert(
    fc.property(
      fc.bigInt(-(10n ** 38n), 10n ** 38n),
      fc.integer({ min: 0, max: 20 }),
      (value, scale) => {
        assert.equal(parseDecimal(formatDecimal(value, scale), scale), value);
      },
    ),
  );
});

test("what a scale can't hold exactly is no decimal", () => {
  assert.equal(parseDecimal("1.005", 2), undefined);
  assert.equal(parseDecimal("1.500", 2), 150n);
  assert.equal(parseDecimal("1e2", 2), 10_000n);
  assert.equal(parseDecimal("15e-1", 0), undefined);
  assert.equal(parseDecimal("1e999999", 2), undefined);
  assert.equal(parseDecimal("0e9999", 2), 0n);
  for (const text of ["", ".5", "5.", "1,5", "0x1", "NaN", " 1"]) {
    assert.equal(parseDecimal(text, 2), undefined, text);
  }
});

test("a quotient is rounded half away from zero", () => {
  assert.equal(divideHalfUp(1n, 2n, 0), 1n);
  assert.equal(divideHalfUp(-1n, 2n, 0), -1n);
  assert.equal(divideHalfUp(1n, 3n, 4), 3_333n);
  assert.equal(divideHalfUp(2n, 3n, 4), 6_667n);
  assert.equal(divideHalfUp(1n, 0n, 4), undefined);
});
