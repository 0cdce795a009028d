import assert from "node:assert/strict";
import { test } from "node:test";
import { checkWords } from "./check-words.ts";

const findingsOf = (file: string, text: string): string[] =>
  checkWords(new Map([[file, text]]), {}).map(({ line, what }) => `${line}: ${what}`);

test("clocks and chance are found outside core and cli, in code only", () => {
  const text = "// Date.now()\nconst s = `Date.now() ${Math.random()}`;\nconst t = new Date( );\n";
  assert.deepEqual(findingsOf("src/serve/a.ts", text), [
    "2: reads the machine's clock or chance: Math.random",
    "3: reads the machine's clock or chance: new Date( )",
  ]);
  assert.deepEqual(findingsOf("src/core/a.ts", text), []);
  assert.deepEqual(findingsOf("src/serve/a.test.ts", text), []);
  assert.deepEqual(findingsOf("src/serve/a.ts", "new Date(0); dateOf.now();"), []);
});

test("notes, default exports, enums, names and machine paths are found", () => {
  const text = "// TODO: later\nexport default 1;\nenum A { b }\n";
  assert.equal(findingsOf("src/core/a.ts", text).length, 3);
  assert.equal(findingsOf("examples/shop/pipeline.ts", "export default 1;").length, 0);
  assert.equal(findingsOf("src/core/camelCase.ts", "").length, 1);
  assert.equal(findingsOf("docs/a.md", "see /root/x and https://a.example/work/x").length, 1);
  assert.equal(findingsOf("package-lock.json", '"resolved": "https://npm.corp/x.tgz"').length, 1);
});

test("a file with a reason may read the clock", () => {
  const tree = new Map([["src/serve/a.ts", "Date.now()"]]);
  assert.deepEqual(checkWords(tree, { "src/serve/a.ts": "for the test" }), []);
});
