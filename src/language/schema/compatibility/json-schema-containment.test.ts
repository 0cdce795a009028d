import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ajv } from "ajv";
import fc from "fast-check";
import { canRead } from "./check-compatibility.ts";
import type { ParsedSchema, SchemaReferenceSource } from "./schema-source.ts";
import { parseSchema } from "./schema-source.ts";

const seed = Number(process.env["SEED"] ?? 20_240_611);
const numRuns = Number(process.env["RUNS"] ?? 150);

const parse = (schema: unknown, references: SchemaReferenceSource[] = []): ParsedSchema =>
  parseSchema({ schemaType: "JSON", schema: JSON.stringify(schema), references });
const closed = (properties: object, ...required: string[]) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const string = { type: "string" };
const integer = { type: "integer" };

/** title, old, new, the kind that a new reader is refused with; undefined when it reads all. */
type Case = readonly [string, unknown, unknown, string?];

const CASES: readonly Case[] = [
  ["anything after nothing in particular", { properties: {} }, {}],
  ["another title and description", { title: "a" }, { title: "b", description: "c" }],
  ["another type", { type: "object" }, { type: "array" }, "TYPE_CHANGED"],
  ["integer made number", integer, { type: "number" }],
  ["number made integer", { type: "number" }, integer, "TYPE_CHANGED"],
  ["a type more", string, { type: ["string", "null"] }],
  ["a type less", { type: ["string", "null"] }, string, "TYPE_CHANGED"],
  [
    "a greater minLength",
    { ...string, minLength: 1 },
    { ...string, minLength: 2 },
    "BOUND_TIGHTENED",
  ],
  ["a smaller minLength", { ...string, minLength: 2 }, { ...string, minLength: 1 }],
  ["a new maxLength", string, { ...string, maxLength: 9 }, "BOUND_TIGHTENED"],
  ["another pattern", { ...string, pattern: "a" }, { ...string, pattern: "b" }, "BOUND_TIGHTENED"],
  ["a pattern less", { ...string, pattern: "a" }, string],
  ["a minimum made exclusive", { minimum: 1 }, { exclusiveMinimum: 1 }, "BOUND_TIGHTENED"],
  ["an exclusive minimum below", { minimum: 1 }, { exclusiveMinimum: 0 }],
  ["a smaller maximum", { maximum: 9 }, { maximum: 8 }, "BOUND_TIGHTENED"],
  ["a divisor of multipleOf", { multipleOf: 10 }, { multipleOf: 2 }],
  ["another multipleOf", { multipleOf: 10 }, { multipleOf: 3 }, "BOUND_TIGHTENED"],
  ["values more", { enum: ["a"] }, { enum: ["a", "b"] }],
  ["values less", { enum: ["a", "b"] }, { enum: ["a"] }, "ENUM_NARROWED"],
  ["values where there was a type", string, { enum: ["a"] }, "ENUM_NARROWED"],
  ["a type where there were values", { enum: ["a"] }, string],
  [
    "a property more, open",
    { properties: { a: string } },
    { properties: { a: string, b: string } },
    "PROPERTY_REFUSED",
  ],
  [
    "a property less, open",
    { properties: { a: string, b: string } },
    { properties: { a: string } },
  ],
  ["a property more, closed", closed({ a: string }), closed({ a: string, b: string })],
  [
    "a property less, closed",
    closed({ a: string, b: string }),
    closed({ a: string }),
    "PROPERTY_REFUSED",
  ],
  [
    "required and new",
    closed({ a: string }),
    closed({ a: string, b: string }, "b"),
    "REQUIRED_ADDED",
  ],
  ["required and new with a default", closed({}), closed({ b: { ...string, default: "" } }, "b")],
  ["no longer required", closed({ a: string }, "a"), closed({ a: string })],
  ["closed after open", { type: "object" }, closed({}), "TYPE_CHANGED"],
  ["open after closed", closed({ a: string }), { properties: { a: string } }],
  [
    "others of a wider type",
    { additionalProperties: integer },
    { additionalProperties: { type: "number" } },
  ],
  [
    "a property that its pattern covers",
    { patternProperties: { "^x": integer }, additionalProperties: false },
    {
      properties: { x1: { type: "number" } },
      patternProperties: { "^x": integer },
      additionalProperties: false,
    },
  ],
  ["items of a wider type", { items: integer }, { items: { type: "number" } }],
  ["items of a narrower type", { items: { type: "number" } }, { items: integer }, "TYPE_CHANGED"],
  ["positions of 2020-12", { prefixItems: [string] }, { prefixItems: [integer] }, "TYPE_CHANGED"],
  [
    "positions of Draft-07",
    { items: [integer], additionalItems: false },
    { items: [{ type: "number" }] },
  ],
  ["a branch more", { oneOf: [string] }, { oneOf: [string, integer] }],
  ["a branch less", { anyOf: [string, integer] }, { anyOf: [string] }, "COMBINATOR_NARROWED"],
  ["a branch where there was a type", string, { anyOf: [string, { type: "null" }] }],
  [
    "two types as two branches",
    { type: ["string", "null"] },
    { anyOf: [string, { type: "null" }] },
  ],
  ["a condition more", string, { allOf: [string, { minLength: 1 }] }, "BOUND_TIGHTENED"],
  ["a condition less", { allOf: [string, { minLength: 1 }] }, string],
  [
    "conditions in another order",
    { allOf: [string, { enum: ["a"] }] },
    { allOf: [{ enum: ["a", "b"] }, string] },
  ],
  ["less excluded", { not: { type: "number" } }, { not: integer }],
  ["more excluded", { not: integer }, { not: { type: "number" } }, "COMBINATOR_NARROWED"],
  ["the same format", { format: "date" }, { format: "date" }],
  ["a format less", { format: "date" }, {}],
  ["a new format", string, { ...string, format: "date" }, "CONSTRUCT_NOT_COMPARED"],
  ["a new condition by if", string, { ...string, if: {}, then: {} }, "CONSTRUCT_NOT_COMPARED"],
  ["nothing", false, string],
  ["anything where there was a type", {}, string, "TYPE_CHANGED"],
];

describe("JSON Schema containment", () => {
  for (const [title, old, next, kind] of CASES) {
    it(`${kind === undefined ? "reads" : "refuses"} ${title}`, () => {
      const found = canRead(parse(next), parse(old));
      assert.equal(found.find((each) => kind === undefined || each.kind === kind)?.kind, kind);
    });
  }

  it("names the path of a property", () => {
    const at = (type: object) => parse(closed({ lines: { items: closed({ price: type }) } }));
    assert.deepEqual(canRead(at(integer), at(string))[0]?.path, ["lines", "[]", "price"]);
  });

  it("follows references, also into themselves and into other schemas", () => {
    const tree = (type: string, more: object = {}) =>
      parse({
        $ref: "#/$defs/node",
        $defs: {
          node: {
            type: "object",
            properties: { value: { type }, next: { $ref: "#/$defs/node", ...more } },
          },
        },
      });
    assert.deepEqual(canRead(tree("number"), tree("integer")), []);
    assert.equal(canRead(tree("integer"), tree("number"))[0]?.kind, "TYPE_CHANGED");
    assert.deepEqual(canRead(tree("number"), tree("integer", { minProperties: 1 })), []);
    const using = (type: string) =>
      parse({ items: { $ref: "price.json#/$defs/amount" } }, [
        {
          name: "price.json",
          schemaType: "JSON",
          schema: JSON.stringify({ $defs: { amount: { type } } }),
          references: [],
        },
      ]);
    assert.deepEqual(canRead(using("number"), using("integer")), []);
    assert.equal(canRead(using("integer"), using("number"))[0]?.kind, "TYPE_CHANGED");
  });

  it("refuses schemas of wrong shape, naming the place", () => {
    for (const schema of [
      { type: "text" },
      { properties: [] },
      { required: "a" },
      { $ref: "#/a" },
    ]) {
      assert.throws(() => parse({ items: schema }), { code: "SCHEMA_INVALID", field: /^items/ });
    }
  });

  it(`never takes what Ajv shows to be refused (SEED=${seed} RUNS=${numRuns})`, () => {
    let readable = 0;
    fc.assert(
      fc.property(
        schemas,
        schemas,
        fc.array(documents, { minLength: 20, maxLength: 20 }),
        (old, next, values) => {
          const ajv = new Ajv({ strict: false });
          const [writes, reads] = [ajv.compile(old), ajv.compile(next)];
          if (canRead(parse(next), parse(old)).length > 0) return;
          readable++;
          for (const value of values) {
            assert.ok(!writes(value) || reads(value), `${JSON.stringify(value)} is refused`);
          }
        },
      ),
      { seed, numRuns },
    );
    assert.ok(readable > numRuns / 20, `only ${readable} pairs were readable`);
  });

  it("lets each schema read its own data", () => {
    fc.assert(
      fc.property(schemas, (schema) => {
        const renamed = { ...schema, title: "other" };
        assert.deepEqual(canRead(parse(renamed), parse(schema)), []);
      }),
      { seed, numRuns },
    );
  });
});

const few = fc.integer({ min: 0, max: 3 });
const { schemas } = fc.letrec<{ schemas: object }>((tie) => {
  const sub = tie("schemas");
  const names = fc.subarray(["a", "b"]);
  return {
    schemas: fc.oneof(
      { maxDepth: 2, depthIdentifier: "json" },
      fc.constantFrom({}, string, integer, { type: "number" }, { type: ["string", "null"] }),
      fc.record(
        { type: fc.constant("string"), minLength: few, maxLength: few },
        { requiredKeys: ["type"] },
      ),
      fc.record(
        {
          minimum: few,
          exclusiveMinimum: few,
          maximum: few,
          multipleOf: fc.constantFrom(1, 2, 0.5),
        },
        { requiredKeys: [] },
      ),
      fc
        .uniqueArray(fc.constantFrom("x", 1, null, "yy"), { minLength: 1 })
        .map((values) => ({ enum: values })),
      fc.record(
        { items: sub, minItems: few, uniqueItems: fc.boolean() },
        { requiredKeys: ["items"] },
      ),
      fc.record(
        {
          type: fc.constant("object"),
          properties: fc.record({ a: sub, b: sub }, { requiredKeys: [] }),
          required: names,
          additionalProperties: fc.oneof(fc.boolean(), sub),
          patternProperties: fc.record({ "^a": sub }, { requiredKeys: [] }),
          maxProperties: few,
        },
        { requiredKeys: ["type"] },
      ),
      fc.array(sub, { minLength: 1, maxLength: 2 }).map((anyOf) => ({ anyOf })),
      fc.array(sub, { minLength: 1, maxLength: 2 }).map((allOf) => ({ allOf })),
      sub.map((not) => ({ not })),
    ),
  };
});
const { documents } = fc.letrec<{ documents: unknown }>((tie) => ({
  documents: fc.oneof(
    { maxDepth: 2, depthIdentifier: "document" },
    fc.constantFrom<unknown>("", "x", "yy", "zzz", 0, 1, 2, 3, 1.5, null, true),
    fc.array(tie("documents"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "aa"), tie("documents"), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
}));
