import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteMap } from "./byte-map.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && new TextDecoder().decode(bytes);

const seed = Number(process.env["SEED"] ?? Date.now() % 1e6);
const puts = fc.array(
  fc.tuple(
    fc.oneof(fc.integer({ max: 40, min: 0 }).map(String), fc.string({ unit: "grapheme" })),
    fc.option(fc.string({ maxLength: 300 }), { nil: undefined }),
  ),
  { maxLength: 400 },
);

test(`it has what a Map has (SEED=${seed})`, () => {
  fc.assert(
    fc.property(puts, (all) => {
      const map = new ByteMap();
      const model = new Map<string, string | undefined>();
      for (const [key, value] of all) {
        map.set(bytesOf(key), value === undefined ? undefined : bytesOf(value));
        model.set(key, value);
      }
      assert.equal(map.size, model.size);
      assert.equal(map.find(bytesOf("a key that nobody put")), -1);
      for (const [key, value] of model) {
        const framed = bytesOf(`<${key}>`);
        const entry = map.find(framed, 1, framed.length - 1);
        assert.notEqual(entry, -1);
        assert.equal(map.hasValue(entry), value !== undefined);
        assert.equal(textOf(map.value(entry)), value);
      }
    }),
    { seed, numRuns: Number(process.env["RUNS"] ?? 200) },
  );
});
