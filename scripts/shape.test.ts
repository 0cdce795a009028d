import assert from "node:assert/strict";
import { test } from "node:test";
import { shapeOf } from "./shape.ts";

test("functions, methods and arrows are measured; other blocks aren't", () => {
  const source = `// a comment
export function first(a: string): Map<string, number> {
  if (a) {
    return new Map();
  }
}
class C {
  #method(b = ")") {
    for (const x of b) { }
  }
}
const arrow = (c: number) => {
};
`;
  const { lines, comments, functions } = shapeOf(source);
  assert.deepEqual({ lines, comments }, { lines: 13, comments: 1 });
  assert.deepEqual(
    functions.map(({ name, lines: length }) => `${name} ${length}`),
    ["first 5", "#method 3", "arrow 2"],
  );
});
