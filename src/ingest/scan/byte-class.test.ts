import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { plainEnd, skipSpace } from "./byte-class.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 1e6);
const numRuns = Number(process.env["RUNS"] ?? 300);

test(`white space ends where it ends, however long it is (SEED=${seed})`, () => {
  const run = fc.tuple(fc.constantFrom(" ", "\n", "\r", "\t"), fc.integer({ min: 0, max: 9_000 }));
  const text = fc.tuple(fc.array(run, { maxLength: 5 }), fc.constantFrom("", "x", "\0", "\v", "{"));
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 20_000 }), ([runs, after], end) => {
      const white = runs.map(([char, n]) => char.repeat(n)).join("");
      const bytes = Buffer.from(white + after);
      assert.equal(skipSpace(bytes, 0), white.length);
      assert.equal(skipSpace(bytes, 0, end), Math.min(white.length, Math.max(end, 0)));
    }),
    { seed, numRuns },
  );
});

test(`a plain text ends at the first quote, backslash or control (SEED=${seed})`, () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(bytes, fc.nat(40), (all, from) => {
      const start = Math.min(from, all.length);
      const view = new DataView(all.buffer, all.byteOffset, all.length);
      const first = all.findIndex(
        (byte, at) => at >= start && (byte < 32 || byte === 34 || byte === 92),
      );
      assert.equal(plainEnd(view, start, all.length), first === -1 ? all.length : first);
    }),
    { seed, numRuns: numRuns * 10 },
  );
});
