import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeRow } from "../../language/compile/javascript/encode-row.ts";
import type { Value } from "../../language/plan/value.ts";
import { type Column, type ColumnCodec, layoutOf } from "../../language/schema/layout.ts";
import { ColumnBlock } from "./column-block.ts";

const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const RUNS = Number(process.env["RUNS"] ?? 200);

const TYPES = {
  uint8: { kind: "integer" },
  uint16: { kind: "integer" },
  uint64: { kind: "integer" },
  int64: { kind: "integer" },
  float64: { kind: "float" },
  bool: { kind: "boolean" },
  time: { kind: "timestamp" },
  decimal64: { kind: "decimal", precision: 18, scale: 4 },
  decimal128: { kind: "decimal", precision: 38, scale: 4 },
  string: { kind: "string" },
} as const satisfies Record<ColumnCodec, Column["valueType"]>;

const VALUES: Readonly<Record<ColumnCodec, fc.Arbitrary<Value>>> = {
  uint8: fc.bigInt(0n, 255n),
  uint16: fc.bigInt(0n, 65_535n),
  uint64: fc.bigInt(0n, 2n ** 64n - 1n),
  int64: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  float64: fc.double({ noNaN: true }),
  bool: fc.boolean(),
  time: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
  decimal64: fc.bigInt(-(10n ** 17n), 10n ** 17n),
  decimal128: fc.bigInt(-(10n ** 37n), 10n ** 37n),
  string: fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.string({ minLength: 120, maxLength: 140 }),
    fc.integer({ min: 16_380, max: 16_390 }).map((length) => "x".repeat(length)),
  ),
};

const columnOf = (codec: ColumnCodec, nullable: boolean, at: number): Column => ({
  ...{ name: `c${at}`, role: "declared", codec, nullable },
  ...{ valueType: TYPES[codec], lowCardinality: false },
});

const columnsAndRows = fc
  .array(fc.tuple(fc.constantFrom(...(Object.keys(TYPES) as ColumnCodec[])), fc.boolean()), {
    minLength: 1,
    maxLength: 12,
  })
  .map((all) => all.map(([codec, nullable], at) => columnOf(codec, nullable, at)))
  .chain((columns) =>
    fc.record({
      columns: fc.constant(columns),
      rows: fc.array(
        fc.tuple(
          ...columns.map(({ codec, nullable }) =>
            nullable ? fc.option(VALUES[codec]) : VALUES[codec],
          ),
        ),
        { minLength: 1, maxLength: 20 },
      ),
    }),
  );

test("a block has each column's values as the rows have them, zero for null", () => {
  const property = fc.property(columnsAndRows, fc.integer({ min: 1, max: 8 }), (made, rowsMax) => {
    const layout = { ...layoutOf([], []), columns: made.columns };
    // Bytes before the first row and none after the last: nothing else may be read.
    const encoded = made.rows.map((row) => encodeRow(layout, row));
    const bytes = Buffer.concat([Buffer.alloc(3), ...encoded]).subarray(3);
    const block = new ColumnBlock(layout, { rowsMax, bytesMax: 40_000 });
    let taken = 0;
    for (let at = 0; at < bytes.length;) {
      at = block.take(bytes, at);
      if (!block.isFull && at < bytes.length) assert.fail("stopped before it was full");
      const rows = made.rows.slice(taken, taken + block.rows);
      taken += block.rows;
      assertBlock(block, made.columns, rows);
      block.clear();
    }
    assert.equal(taken, made.rows.length);
  });
  fc.assert(property, { seed: SEED, numRuns: RUNS });
});

function assertBlock(
  block: ColumnBlock,
  columns: readonly Column[],
  rows: readonly (readonly Value[])[],
): void {
  for (const [at, column] of columns.entries()) {
    const plain = { ...layoutOf([], []), columns: [{ ...column, nullable: false }] };
    const values = rows.map((row) => row[at]!);
    const zero = ZEROS[TYPES[column.codec].kind];
    const expected = values.map((value) => encodeRow(plain, [value ?? zero]));
    assert.deepEqual(Buffer.from(block.valuesOf(at)), Buffer.concat(expected));
    const nulls = column.nullable ? values.map((value) => (value === null ? 1 : 0)) : [];
    assert.deepEqual([...block.nullsOf(at)], nulls);
  }
}

const ZEROS = { string: "", integer: 0n, decimal: 0n, float: 0, boolean: false, timestamp: 0 };
