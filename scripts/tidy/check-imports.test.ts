import assert from "node:assert/strict";
import { test } from "node:test";
import * as layers from "../layers.ts";
import { checkImports } from "./check-imports.ts";
import type { ImportRules } from "./check-imports.ts";

const RULES: ImportRules = {
  layers: layers.LAYERS,
  adapters: layers.ADAPTERS,
  pureNodeModules: layers.PURE_NODE_MODULES,
  importExceptions: [],
  packageExceptions: {},
  entryFiles: [/./],
};

const findingsOf = (files: Record<string, string>, rules: Partial<ImportRules> = {}): string[] =>
  checkImports(new Map(Object.entries(files)), { ...RULES, ...rules }).map(
    ({ file, line, what }) => `${file}:${line}: ${what}`,
  );

const importing = (specifier: string): string => `\nimport { x } from "${specifier}";\n`;

test("imports that go down are fine", () => {
  const files = {
    "src/cli/a.ts": importing("../runtimes/embedded/runtime.ts"),
    "src/runtimes/embedded/runtime.ts": importing("../../storage/log/embedded/log.ts"),
    "src/process/stream/a.ts": importing("../../storage/log/log.ts"),
    "src/process/operators/a.ts": importing("../../language/plan/node.ts"),
    "src/language/compile/flink/a.ts": importing("../../schema/field.ts"),
    "src/storage/log/embedded/a.ts": importing("node:fs") + importing("./b.ts"),
    "src/core/a.ts": importing("node:crypto"),
  };
  assert.deepEqual(findingsOf(files), []);
});

const violations: [name: string, file: string, specifier: string, what: RegExp][] = [
  ["up", "src/core/a.ts", "../language/x.ts", /isn't below it/],
  ["sideways", "src/ingest/a.ts", "../process/x.ts", /isn't below it/],
  ["from plan to define", "src/language/plan/a.ts", "../define/x.ts", /isn't below it/],
  ["from operators to define", "src/process/operators/a.ts", "../../language/define/x.ts", /below/],
  ["of an adapter", "src/serve/a.ts", "../storage/log/embedded/x.ts", /only runtimes may name one/],
  ["of node: in language", "src/language/define/a.ts", "node:util", /imports node:util/],
  ["of I/O in core", "src/core/a.ts", "node:fs", /imports node:fs/],
  ["of a package in language", "src/language/a.ts", "ajv", /imports the package ajv/],
  ["from no layer", "src/misc/a.ts", "node:fs", /no layer/],
];
for (const [name, file, specifier, what] of violations) {
  test(`an import ${name} is found, with its line`, () => {
    const found = findingsOf({ [file]: importing(specifier) });
    assert.equal(found.length, 1);
    assert.match(found[0]!, what);
    assert.ok(found[0]!.startsWith(`${file}:2: `));
  });
}

test("what stands in comments and strings is no import; a dynamic one is", () => {
  const text = `// import x from "ajv";\nconst s = 'import "ajv"';\nawait import("../cli/x.ts");`;
  assert.equal(findingsOf({ "src/core/a.ts": text }).length, 1);
});

test("tests may import anything", () => {
  assert.deepEqual(findingsOf({ "src/core/a.test.ts": importing("fast-check") }), []);
});

test("an exception in the table allows one arrow", () => {
  const importExceptions = [{ from: "ingest/a.ts", to: "process/x.ts", reason: "for the test" }];
  const files = { "src/ingest/a.ts": importing("../process/x.ts") };
  assert.deepEqual(findingsOf(files, { importExceptions }), []);
});

test("a package imported in two files is found, in the second", () => {
  const files = {
    "src/storage/a.ts": importing("@clickhouse/client"),
    "src/storage/b.ts": importing("@clickhouse/client/web"),
  };
  const found = findingsOf(files);
  assert.equal(found.length, 1);
  assert.match(found[0]!, /^src\/storage\/b\.ts:2: .*@clickhouse\/client is also imported/);
  const packageExceptions = { "@clickhouse/client": "for the test" };
  assert.deepEqual(findingsOf(files, { packageExceptions }), []);
});

test("a file that only a test uses is found; one that a worker runs isn't", () => {
  const files = {
    "src/index.ts": `new Worker(new URL("./core/worker.ts", import.meta.url));`,
    "src/core/worker.ts": importing("./used.ts"),
    "src/core/used.ts": "",
    "src/core/dead.ts": "",
    "src/core/dead.test.ts": importing("./dead.ts"),
  };
  const found = findingsOf(files, { entryFiles: [/^src\/index\.ts$/] });
  assert.deepEqual(found, ["src/core/dead.ts:1: nothing but tests uses this file"]);
});
