import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Expression, LiteralExpression } from "../../plan/expression.ts";
import { metricKey } from "../../plan/metric-row.ts";
import type { Value } from "../../plan/value.ts";
import type { ValueType } from "../../schema/field-type.ts";
import { layoutOf } from "../../schema/layout.ts";
import type { Leaf } from "../../schema/leaf.ts";
import { compareTexts } from "./compare-texts.ts";
import { compileRows } from "./compile-rows.ts";
import { encodeRow } from "./encode-row.ts";
import { rowToObject, rowToValues } from "./row-to-object.ts";

const seed = Number(process.env["SEED"] ?? 1);
const runs = Number(process.env["RUNS"] ?? 300);

const leaf = (path: string, type: Leaf["type"], nullable: boolean): Leaf => ({
  path,
  type,
  nullable,
  subject: false,
  personal: false,
  clean: [],
});
const D4: ValueType = { kind: "decimal", precision: 18, scale: 4 };
const D2: ValueType = { kind: "decimal", precision: 38, scale: 2 };
const layout = layoutOf(
  [
    leaf("id", { kind: "id" }, false),
    leaf("text", { kind: "string" }, true),
    leaf("at", { kind: "timestamp" }, false),
    leaf("whole", { kind: "integer" }, true),
    leaf("p.price", D4, true),
    leaf("p.big", D2, true),
    leaf("ratio", { kind: "float" }, true),
    leaf("yes", { kind: "boolean" }, true),
  ],
  [{ name: "_in_users_by_text", role: "lookup", valueType: { kind: "boolean" }, nullable: true }],
);
const field = (path: string): Expression => {
  const column = layout.columns.find((each) => each.name === path)!;
  return {
    kind: "field",
    source: "e",
    path,
    type: column.valueType,
    nullable: column.nullable,
  };
};
const whole = (value: number | string): LiteralExpression => ({
  kind: "literal",
  type: { kind: "integer" },
  value: String(value),
});
const text = (value: string): LiteralExpression => ({
  kind: "literal",
  type: { kind: "string" },
  value,
});

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(arbitrary, { nil: null });
const anyRow: fc.Arbitrary<Value[]> = fc.tuple(
  fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
  fc.integer({ min: -1e12, max: 4e12 }),
  fc.bigInt({ min: 0n, max: 65535n }),
  fc.bigInt({ min: 0n, max: 31n }),
  fc.string({ unit: "binary", maxLength: 200 }),
  maybe(fc.string({ unit: "binary", maxLength: 90 })),
  fc.integer({ min: -1e12, max: 4e12 }),
  maybe(int64),
  maybe(fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n })),
  maybe(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })),
  maybe(fc.double({ noNaN: true })),
  maybe(fc.boolean()),
  maybe(fc.boolean()),
  maybe(fc.integer({ min: 0, max: 4e12 })),
  fc.constant(null),
  maybe(fc.string({ maxLength: 300 })),
);

describe("compileRows", () => {
  it("reads back what encodeRow writes, row after row", () => {
    const property = fc.property(fc.array(anyRow, { minLength: 1, maxLength: 5 }), (rows) => {
      const bytes = Buffer.concat(rows.map((row) => encodeRow(layout, row)));
      let start = 0;
      for (const row of rows) {
        const { values, end } = rowToValues(layout, bytes, start);
        assert.deepEqual(values, row);
        start = end;
      }
      assert.equal(start, bytes.length);
    });
    fc.assert(property, { seed, numRuns: runs });
  });

  it("follows three-valued logic", () => {
    const yes = field("yes");
    const known = field("_in_users_by_text");
    const program = compileRows(layout, [
      { kind: "and", args: [yes, known] },
      { kind: "or", args: [yes, known] },
      { kind: "not", arg: yes },
      { kind: "isNull", value: yes },
      { kind: "exists", table: "users", key: field("text") },
    ]);
    const states = [true, false, null];
    for (const a of states) {
      for (const b of states) {
        program.run(rowWith({ yes: a, _in_users_by_text: b }), 0);
        const both = a === false || b === false ? false : a === null || b === null ? null : true;
        const either = a === true || b === true ? true : a === null || b === null ? null : false;
        const expected = [both, either, a === null ? null : !a, a === null, b];
        assert.deepEqual(
          program.values.map((value) => value()),
          expected,
        );
      }
    }
  });

  it("compares and computes exactly over different scales", () => {
    const price = field("p.price");
    const big = field("p.big");
    const program = compileRows(layout, [
      { kind: "compare", op: "gt", left: price, right: whole(0) },
      { kind: "compare", op: "eq", left: price, right: big },
      { kind: "arithmetic", op: "add", left: price, right: big },
      { kind: "arithmetic", op: "multiply", left: price, right: field("whole") },
      { kind: "arithmetic", op: "multiply", left: price, right: big },
      { kind: "in", value: price, options: [whole(3), decimal("1.5")] },
      { kind: "coalesce", args: [price, field("whole")] },
      { kind: "compare", op: "lt", left: field("ratio"), right: price },
    ]);
    program.run(rowWith({ "p.price": 15000n, "p.big": 150n, whole: 7n, ratio: 1.25 }), 0);
    assert.deepEqual(
      program.values.map((value) => value()),
      [true, true, 30000n, 105000n, 2250000n, true, 15000n, true],
    );
    program.run(rowWith({ whole: 7n }), 0);
    assert.deepEqual(
      program.values.map((value) => value()),
      [null, null, null, null, null, null, 70000n, null],
    );
  });

  it("compares texts by code points and takes the first that isn't null", () => {
    const program = compileRows(layout, [
      { kind: "compare", op: "lt", left: field("text"), right: text("\u{10000}") },
      { kind: "in", value: field("text"), options: [text("a"), text("\uE000")] },
      { kind: "coalesce", args: [field("text"), field("id")] },
    ]);
    program.run(rowWith({ text: "\uE000", id: "x" }), 0);
    assert.deepEqual(
      [program.value(0), program.value(1), program.value(2)],
      [true, true, "\uE000"],
    );
    program.run(rowWith({ id: "x" }), 0);
    assert.deepEqual([program.value(0), program.value(1), program.value(2)], [null, null, "x"]);
  });

  it("gives the canonical key of a group", () => {
    const keys = [
      [],
      [field("text")],
      [{ kind: "coalesce", args: [field("text"), field("id")] } as Expression],
      [field("text"), field("p.price"), field("whole"), field("at"), field("yes")],
    ];
    const program = compileRows(layout, keys.flat(), { keys });
    const property = fc.property(anyRow, (row) => {
      program.run(encodeRow(layout, row), 0);
      let index = 0;
      for (const [k, dimensions] of keys.entries()) {
        const values = dimensions.map(() => program.value(index++));
        const types = dimensions.map((each): ValueType =>
          each.kind === "field" ? each.type : { kind: "string" },
        );
        assert.equal(program.keys[k]!().key, metricKey(types, values));
      }
    });
    fc.assert(property, { seed, numRuns: runs });
    program.run(rowWith({ text: 'a"\n\u00e9/' }), 0);
    assert.equal(program.keys[1]!().key, '["a\\"\\n\u00e9/"]');
  });

  it("refuses what engines don't evaluate, by name", () => {
    const call: Expression = { kind: "call", fn: "lower", args: [field("text")] };
    assert.throws(() => compileRows(layout, [call]), { code: "UNSUPPORTED_BY_ENGINE" });
    const missing: Expression = { ...field("id"), path: "nothing" } as Expression;
    assert.throws(() => compileRows(layout, [missing]), {
      code: "DEFINITION_INVALID",
      field: "e.nothing",
    });
  });
});

describe("rowToObject", () => {
  it("nests, and writes amounts as text and times as RFC 3339", () => {
    const row = rowWith({
      id: "i",
      at: 0,
      "p.price": 15000n,
      whole: 2n ** 60n,
      _undeclared: '{"a":1}',
    });
    assert.deepEqual(rowToObject(layout, row, 0), {
      _offset: 0,
      received_at: "1970-01-01T00:00:00.000Z",
      _partition: 0,
      _flags: 0,
      id: "i",
      at: "1970-01-01T00:00:00.000Z",
      whole: "1152921504606846976",
      p: { price: "1.5000" },
      _undeclared: { a: 1 },
    });
  });
});

describe("compareTexts", () => {
  it("orders as the UTF-8 bytes do", () => {
    const property = fc.property(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary" }),
      (left, right) => {
        const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
        assert.equal(Math.sign(compareTexts(left, right)), bytes);
      },
    );
    fc.assert(property, { seed, numRuns: runs });
  });
});

function decimal(value: string): LiteralExpression {
  const scale = value.split(".")[1]?.length ?? 0;
  return { kind: "literal", type: { kind: "decimal", precision: 38, scale }, value };
}

function rowWith(values: { readonly [name: string]: Value }): Uint8Array {
  return encodeRow(
    layout,
    layout.columns.map((column) => {
      const value = values[column.name];
      if (value !== undefined) return value;
      return column.nullable ? null : column.codec === "string" ? "" : 0;
    }),
  );
}
