import assert from "node:assert/strict";
import { test } from "node:test";
import { blank, importsOf } from "./source.ts";

test("comments, strings and regular expressions are blanked, positions stay", () => {
  const source = "a /* b */ 'c\\'';// d\n/[/\"]e/.test(`f${g('h')}i`) / 2;";
  const code = blank(source);
  assert.equal(code.length, source.length);
  assert.equal(code, "a         '   ';    \n       .test(` ${g(' ')} `) / 2;");
});

test("every kind of import is found", () => {
  const source = `import a from "1";import type { b } from '2';export * from "3";
import "4"; const c = await import("5"); const d = { from: "6" };`;
  assert.deepEqual(
    importsOf(source).map((one) => one.specifier),
    ["1", "2", "3", "4", "5"],
  );
});
