import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const MILLRACE = fileURLToPath(new URL("../../../bin/millrace.js", import.meta.url));
const TSC = fileURLToPath(new URL("../../../node_modules/.bin/tsc", import.meta.url));
let base: string;
let project: string;
let said: string;

before(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "a project ")));
  project = join(base, "my-pipeline");
  said = millrace(base, "init", "my-pipeline").stdout;
});
after(() => rmSync(base, { recursive: true }));

function millrace(cwd: string, ...args: string[]) {
  return spawnSync(process.execPath, [MILLRACE, ...args], { cwd, encoding: "utf8" });
}

test("init says what it made and what to do next", () => {
  assert.match(said, /made my-pipeline\/pipeline\.ts/);
  assert.match(said, /cd my-pipeline\n.*bin\/millrace\.js'? test/);
  const readme = readFileSync(join(project, "README.md"), "utf8");
  assert.match(readme, /^# my-pipeline\n/);
  assert.doesNotMatch(readme, /\{\{/);
});

test("the commands that it prints work from there", () => {
  const commands = said
    .slice(said.indexOf("  cd "), said.indexOf("# its test"))
    .replaceAll(/^ +/gm, "");
  assert.match(execFileSync("sh", ["-ec", commands], { cwd: base, encoding: "utf8" }), /1 passed/);
});

test("check and the types find no mistake", () => {
  const { stdout, status } = millrace(project, "check");
  assert.equal(status, 0, stdout);
  const types = spawnSync(process.execPath, [TSC, "-p", project], { encoding: "utf8" });
  assert.equal(types.status, 0, types.stdout);
});

test("test tells what is wrong and ends with exit code 1", () => {
  const expected = join(project, "tests", "page-views", "expect.jsonl");
  const before = readFileSync(expected, "utf8");
  writeFileSync(expected, before.replace('"views":2', '"views":3'));
  const { stdout, status } = millrace(project, "test");
  writeFileSync(expected, before);
  assert.equal(status, 1);
  assert.match(stdout, /✗ page-views\n {2}~ metric page-views .*page_path="\/pricing"/);
  assert.match(stdout, /- views {2}3\n +\+ views {2}2\n0 passed, 1 failed/);
});

test("init overwrites nothing", () => {
  const { stderr, status } = millrace(base, "init", "my-pipeline");
  assert.equal(status, 1);
  assert.match(stderr, /error CONFIG_INVALID: .*my-pipeline isn't empty/);
  assert.equal(millrace(base, "init").status, 2);
});
