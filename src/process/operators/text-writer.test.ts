import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { TextWriter } from "./text-writer.ts";

const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = Number(process.env["RUNS"] ?? 300);

const numbers = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(
    0,
    -0,
    9,
    10,
    999_999_999,
    1_000_000_000,
    2 ** 53 - 1,
    2 ** 53,
    1e18,
    1_700_000_000_000,
  ),
);

describe("TextWriter", () => {
  it(`writes what JSON.stringify would, and texts as they are (SEED=${SEED})`, () => {
    const piece = fc.oneof(
      numbers.map((value) => ({ kind: "number", value }) as const),
      fc.string({ unit: "binary" }).map((value) => ({ kind: "quoted", value }) as const),
      fc.string({ unit: "grapheme" }).map((value) => ({ kind: "text", value }) as const),
    );
    const writer = new TextWriter();
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        let expected = "";
        for (const { kind, value } of pieces) {
          if (kind === "number") writer.number(value);
          else writer[kind](value);
          expected += kind === "text" ? value : JSON.stringify(value);
        }
        assert.equal(writer.take(), expected);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it("grows", () => {
    const writer = new TextWriter();
    for (let n = 0; n < 20_000; n++) writer.text("abc").quoted("é").number(n);
    const expected = Array.from({ length: 20_000 }, (_, n) => `abc"é"${n}`).join("");
    assert.equal(writer.take(), expected);
  });
});
