import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Schema } from "avsc";
import avsc from "avsc";
import fc from "fast-check";
import { canRead, checkCompatibility } from "./check-compatibility.ts";
import type { CompatibilityLevel } from "./compatibility-level.ts";
import { COMPATIBILITY_LEVELS } from "./compatibility-level.ts";
import type { ParsedSchema } from "./schema-source.ts";
import { parseSchema } from "./schema-source.ts";

const seed = Number(process.env["SEED"] ?? 20_240_611);
const numRuns = Number(process.env["RUNS"] ?? 400);
const runs = { seed, numRuns };

type Json = Record<string, unknown> | string | unknown[];

const parse = (schema: unknown): ParsedSchema =>
  parseSchema({ schemaType: "AVRO", schema: JSON.stringify(schema), references: [] });
const record = (...fields: unknown[]) => ({ type: "record", name: "Event", fields });
const decimal = (precision: number, scale: number) => ({
  type: "bytes",
  logicalType: "decimal",
  precision,
  scale,
});

/** A type with a default of it; names come from few, so that pairs often match. */
interface Typed {
  readonly schema: Json;
  readonly value: unknown;
}

const PRIMITIVE: Readonly<Record<string, unknown>> = {
  null: null,
  boolean: true,
  int: 7,
  long: 8,
  float: 0.5,
  double: 1.5,
  bytes: "\u0001",
  string: "s",
};
const primitive: fc.Arbitrary<Typed> = fc
  .constantFrom(...Object.keys(PRIMITIVE))
  .map((schema) => ({ schema, value: PRIMITIVE[schema] }));

const symbols = fc.subarray(["A", "B", "C"], { minLength: 1 });
const enumeration: fc.Arbitrary<Typed> = fc
  .tuple(symbols, fc.boolean(), fc.constantFrom("E1", "E2"))
  .map(([names, fallback, name]) => ({
    schema: { type: "enum", name, symbols: names, ...(fallback ? { default: names[0] } : {}) },
    value: names[0],
  }));
const fixed: fc.Arbitrary<Typed> = fc
  .tuple(fc.constantFrom(1, 2), fc.constantFrom("F1", "F2"))
  .map(([size, name]) => ({ schema: { type: "fixed", name, size }, value: "\u0000".repeat(size) }));

/** Named types are numbered by place, so that no name is defined twice in a schema. */
const leaf = fc.oneof({ weight: 4, arbitrary: primitive }, enumeration, fixed);
const { type: anyType } = fc.letrec<{ type: Typed }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, depthIdentifier: "type" },
    leaf,
    fc.tuple(tie("type"), fc.boolean()).map(([{ schema: items, value }, empty]) => ({
      schema: { type: "array", items },
      value: empty ? [] : [value],
    })),
    tie("type").map(({ schema: values, value }) => ({
      schema: { type: "map", values },
      value: { k: value },
    })),
    fc
      .uniqueArray(leaf, { minLength: 1, maxLength: 3, selector: ({ schema }) => nameOf(schema) })
      .map((branches) => ({
        schema: branches.map(({ schema }) => schema),
        value: branches[0]?.value,
      })),
    fc
      .uniqueArray(
        fc.tuple(fc.constantFrom("a", "b", "c"), tie("type"), fc.boolean(), fc.boolean()),
        { maxLength: 3, selector: ([name]) => name },
      )
      .map((fields) => ({
        schema: {
          type: "record",
          name: "R",
          fields: fields.map(([name, type, withDefault, alias]) => ({
            name,
            type: type.schema,
            ...(withDefault ? { default: type.value } : {}),
            ...(alias ? { aliases: [name === "a" ? "d" : "a"] } : {}),
          })),
        },
        value: Object.fromEntries(fields.map(([name, type]) => [name, type.value])),
      })),
  ),
}));

function nameOf(schema: Json): string {
  if (typeof schema === "string" || Array.isArray(schema)) return String(schema);
  return String(schema["name"] ?? schema["type"]);
}

/** Keeps the first definition of each name and makes later ones other names. */
function renamed(schema: unknown, seen = new Map<string, number>()): unknown {
  if (Array.isArray(schema)) return schema.map((each) => renamed(each, seen));
  if (typeof schema !== "object" || schema === null) return schema;
  const { name: full, type, items, values, fields, ...rest } = schema as Record<string, unknown>;
  const name = typeof full === "string" ? full.replace(/_\d+$/, "") : full;
  const isNamed = type === "record" || type === "enum" || type === "fixed";
  const times = isNamed ? (seen.get(String(name)) ?? 0) : 0;
  if (isNamed) seen.set(String(name), times + 1);
  return {
    ...rest,
    ...(name === undefined ? {} : { name: times === 0 ? name : `${String(name)}_${times}` }),
    ...(type === undefined ? {} : { type: isNamed ? type : renamed(type, seen) }),
    ...(items === undefined ? {} : { items: renamed(items, seen) }),
    ...(values === undefined ? {} : { values: renamed(values, seen) }),
    ...(fields === undefined ? {} : { fields: renamed(fields, seen) }),
  };
}

const schemaOf = anyType.map(({ schema }) => renamed(schema));

/** A schema and the same with one part drawn anew: pairs that are near each other. */
const pair: fc.Arbitrary<readonly [unknown, unknown]> = fc.oneof(
  fc.tuple(schemaOf, schemaOf),
  fc.tuple(schemaOf, schemaOf, fc.nat()).map(([schema, other, at]) => {
    return [schema, renamed(replaced(schema, other, at))] as const;
  }),
  fc.tuple(primitive, primitive).map(([one, other]) => [one.schema, other.schema] as const),
);

/** `schema` with its n-th nested type replaced, a default left out where the type changed. */
function replaced(schema: unknown, other: unknown, at: number): unknown {
  if (at % 5 === 0 || typeof schema !== "object" || schema === null) return other;
  if (Array.isArray(schema)) return schema.slice(0, 1 + (at % Math.max(1, schema.length)));
  const node = schema as Record<string, unknown>;
  const next = Math.floor(at / 5);
  if ("items" in node) return { ...node, items: replaced(node["items"], other, next) };
  if ("values" in node) return { ...node, values: replaced(node["values"], other, next) };
  const fields = node["fields"];
  if (!Array.isArray(fields) || fields.length === 0) return other;
  return {
    ...node,
    fields: fields.map((field: Record<string, unknown>, index) => {
      if (index !== next % fields.length) return field;
      const { default: _, ...rest } = field;
      return { ...rest, type: replaced(field["type"], other, Math.floor(next / 3)) };
    }),
  };
}

describe("Avro resolution", () => {
  it(`agrees with avsc (SEED=${seed} RUNS=${numRuns})`, () => {
    const seen = { readable: 0, unreadable: 0 };
    fc.assert(
      fc.property(pair, ([writer, reader]) => {
        const found = canRead(parse(reader), parse(writer));
        const problem = avscProblem(reader, writer);
        assert.equal(
          found.length === 0,
          problem === undefined,
          `${problem} / ${JSON.stringify(found)}`,
        );
        seen[found.length === 0 ? "readable" : "unreadable"]++;
      }),
      runs,
    );
    assert.ok(Math.min(seen.readable, seen.unreadable) > numRuns / 20, JSON.stringify(seen));
  });

  it("lets each schema read its own data, at every level", () => {
    fc.assert(
      fc.property(schemaOf, (schema) => {
        const again = parse(JSON.parse(JSON.stringify(schema)));
        assert.deepEqual(check("FULL_TRANSITIVE", parse(schema), again), []);
      }),
      runs,
    );
  });

  it("is FULL exactly when it is BACKWARD and FORWARD", () => {
    fc.assert(
      fc.property(pair, ([old, next]) => {
        const at = (level: CompatibilityLevel) => check(level, parse(next), parse(old));
        assert.deepEqual(at("FULL"), [...at("BACKWARD"), ...at("FORWARD")]);
        assert.deepEqual(at("BACKWARD").length, canRead(parse(next), parse(old)).length);
        assert.deepEqual(at("NONE"), []);
      }),
      runs,
    );
  });

  it("compares with the last version, or with all at a transitive level", () => {
    const int = parse(record({ name: "x", type: "int" }));
    const none = parse(record());
    const text = parse(record({ name: "x", type: "string", default: "" }));
    const earlier = [int, none].map((schema, index) => ({ version: index + 1, schema }));
    for (const level of Object.keys(COMPATIBILITY_LEVELS) as CompatibilityLevel[]) {
      const versions = checkCompatibility(level, text, earlier).map(({ version }) => version);
      const expected = level.endsWith("TRANSITIVE")
        ? level.startsWith("FULL")
          ? [1, 1]
          : [1]
        : [];
      assert.deepEqual(versions, expected, level);
    }
  });

  const cases: readonly (readonly [string, unknown, unknown, string | undefined])[] = [
    ["a new scale", decimal(18, 2), decimal(18, 4), "DECIMAL_CHANGED"],
    ["a new precision", decimal(20, 4), decimal(18, 4), "DECIMAL_CHANGED"],
    ["a decimal that was bytes", decimal(18, 4), "bytes", "LOGICAL_TYPE_CHANGED"],
    ["bytes that were a decimal", "bytes", decimal(18, 4), "LOGICAL_TYPE_CHANGED"],
    [
      "micros for millis",
      time("timestamp-micros"),
      time("timestamp-millis"),
      "LOGICAL_TYPE_CHANGED",
    ],
    ["a long for a time", "long", time("timestamp-millis"), "LOGICAL_TYPE_CHANGED"],
    ["the same decimal made optional", ["null", decimal(18, 4)], decimal(18, 4), undefined],
    [
      "another scale in a union",
      ["null", decimal(18, 2)],
      ["null", decimal(18, 4)],
      "DECIMAL_CHANGED",
    ],
    ["a branch less", ["null", "int"], ["null", "int", "string"], "UNION_BRANCH_MISSING"],
  ];
  for (const [title, reader, writer, kind] of cases) {
    it(`${kind === undefined ? "reads" : "refuses"} ${title}`, () => {
      const at = (type: unknown) => parse(record({ name: "f", type }));
      const [found] = canRead(at(reader), at(writer));
      assert.equal(found?.kind, kind);
      if (kind !== undefined) assert.deepEqual(found?.path, ["f"]);
    });
  }

  it("names the path through arrays and maps", () => {
    const at = (type: unknown) =>
      parse(
        record({
          name: "orders",
          type: { type: "array", items: { type: "map", values: record2("price", type) } },
        }),
      );
    const [found] = check("BACKWARD", at("string"), at("int"));
    assert.equal(found?.path, "orders[]{}.price");
    assert.match(found?.message ?? "", /version 1 has int, the new schema has string/);
  });

  it("compares a schema that contains itself", () => {
    const tree = (type: string) =>
      record(
        { name: "value", type },
        { name: "children", type: { type: "array", items: "Event" } },
      );
    assert.deepEqual(canRead(parse(tree("long")), parse(tree("int"))), []);
    assert.equal(canRead(parse(tree("int")), parse(tree("long")))[0]?.kind, "TYPE_CHANGED");
  });

  it("finds a renamed record and field by their aliases, across name spaces", () => {
    const old = parse({ ...record({ name: "user", type: "string" }), namespace: "shop" });
    const next = parse({
      type: "record",
      name: "web.Happening",
      aliases: ["shop.Event"],
      fields: [{ name: "user_id", aliases: ["user"], type: "string" }],
    });
    assert.deepEqual(canRead(next, old), []);
    assert.equal(canRead(old, next)[0]?.kind, "NAME_CHANGED");
  });

  it("stays quick where each level refers to the next twice", () => {
    const ladder = (leafType: string): unknown => {
      let type: unknown = leafType;
      for (let level = 0; level < 30; level++) {
        const inner = { type: "record", name: `L${level}`, fields: [{ name: "a", type }] };
        const again = typeof type === "string" ? type : (type as { name: string }).name;
        inner.fields.push({ name: "b", type: again });
        type = inner;
      }
      return type;
    };
    assert.ok(canRead(parse(ladder("int")), parse(ladder("string"))).length <= 50);
  });
});

function check(level: CompatibilityLevel, schema: ParsedSchema, old: ParsedSchema) {
  return checkCompatibility(level, schema, [{ version: 1, schema: old }]);
}

function time(logicalType: string) {
  return { type: "long", logicalType };
}

function record2(name: string, type: unknown) {
  return { type: "record", name: "Inner", fields: [{ name, type }] };
}

/** Why avsc can't read random data of `writer` as `reader`; undefined when it can. */
function avscProblem(reader: unknown, writer: unknown): string | undefined {
  // Its resolver refuses an ambiguous alias even for one schema, where readers need no resolver.
  if (JSON.stringify(reader) === JSON.stringify(writer)) return undefined;
  const write = avsc.Type.forSchema(writer as Schema, { wrapUnions: true });
  const read = avsc.Type.forSchema(reader as Schema, { wrapUnions: true });
  try {
    const resolver = read.createResolver(write);
    for (let round = 0; round < 3; round++) {
      const value: unknown = read.fromBuffer(write.toBuffer(write.random()), resolver);
      assert.ok(read.isValid(value), "avsc read a value that isn't of its type");
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
