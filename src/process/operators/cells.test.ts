import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Component } from "../../language/plan/measure.ts";
import type { ValueType } from "../../language/schema/field-type.ts";
import type { Json } from "../../core/canonical-json.ts";
import { TextWriter } from "./text-writer.ts";
import { cellKind, type Cell, type CellKind } from "./cells.ts";

const TEXT = { kind: "literal", type: { kind: "string" }, value: "" } as const;
const component = (
  aggregate: Component["aggregate"],
  type: ValueType = { kind: "decimal", precision: 38, scale: 2 },
): CellKind => cellKind({ name: "m", aggregate, type, nullable: true });

const sum = component({ kind: "sum", value: TEXT });
const greatest = component({ kind: "max", value: TEXT }, { kind: "integer" });
const distinct = component({ kind: "countDistinct", value: TEXT, limit: 2 });
const all = (kind: CellKind, ...values: (bigint | string | null)[]): Cell =>
  values.reduce<Cell>((cell, value) => kind.add(cell, value), kind.zero());
const textOf = (kind: CellKind, cell: Cell): string => {
  const writer = new TextWriter();
  kind.encode(cell, writer);
  return writer.take();
};
const MOST = 10n ** 38n - 1n;

describe("cells", () => {
  it("count what they get, and nothing over none", () => {
    const count = component({ kind: "count" });
    assert.deepEqual(count.read(count.zero()), { value: 0n, incomplete: false });
    assert.deepEqual(count.read(all(count, null, null)), { value: 2n, incomplete: false });
  });

  it("give null over no values", () => {
    for (const kind of [sum, greatest]) {
      assert.deepEqual(kind.read(all(kind, null)), { value: null, incomplete: false });
    }
  });

  it("don't wrap: a value that doesn't fit is null, and the row incomplete", () => {
    assert.deepEqual(sum.read(all(sum, MOST, 1n)), { value: null, incomplete: true });
    assert.deepEqual(greatest.read(all(greatest, 2n ** 63n)), { value: null, incomplete: true });
  });

  it("judge the whole: a sum that comes back fits, in any order", () => {
    for (const values of [
      [MOST, MOST, -MOST],
      [-MOST, MOST, MOST],
    ]) {
      assert.deepEqual(sum.read(all(sum, ...values)), { value: MOST, incomplete: false });
    }
  });

  it("count distinct values up to the limit, then say so", () => {
    assert.deepEqual(distinct.read(all(distinct, "a", "b", "a", null)), {
      value: 2n,
      incomplete: false,
    });
    assert.deepEqual(distinct.read(all(distinct, "a", "b", "c")), { value: 2n, incomplete: true });
    const merged = distinct.merge(all(distinct, "a", "b"), all(distinct, 1n));
    assert.deepEqual(distinct.read(merged), { value: 2n, incomplete: true });
  });

  it("come back from JSON as they were", () => {
    const many = component({ kind: "countDistinct", value: TEXT, limit: 100 });
    const values = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? `${index}` : 7n));
    for (const [kind, cell] of [
      [sum, all(sum, MOST, 1n)],
      [distinct, all(distinct, "a", "b", "c")],
      [many, all(many, ...values)],
    ] as const) {
      const text = textOf(kind, cell);
      const back = kind.decode(JSON.parse(text) as Json);
      assert.deepEqual(kind.read(back), kind.read(cell));
      assert.equal(textOf(kind, back), text);
    }
  });
});
