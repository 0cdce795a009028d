import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as language from "../../src/index.ts";
import { cliPage } from "./cli-page.ts";
import { ROOT } from "../steps.ts";
import { codeBlocks } from "./code-blocks.ts";
import { readDocument } from "./documents.ts";
import { everyFigure } from "./every-figure.fixture.ts";

test("the page of the commands is what they say themselves", async () => {
  const page = readDocument("docs/reference/cli.md");
  assert.equal(page, await cliPage(), "run: node scripts/write-cli.ts");
});

test("every setting is documented, and nothing else", () => {
  const engines = readdirSync(join(ROOT, "engines")).filter((name) => name.endsWith(".ts"));
  const files = ["src/runtimes/embedded/settings.ts", ...engines.map((name) => `engines/${name}`)];
  const source = files.map((file) => readFileSync(join(ROOT, file), "utf8")).join("");
  const read = new Set([...source.matchAll(/"(MILLRACE_\w+)"/g)].map(([, name]) => name!));
  const page = readDocument("docs/reference/configuration.md");
  const listed = [...page.matchAll(/^\| `(MILLRACE_\w+)` \|/gm)].map(([, name]) => name!);
  assert.deepEqual(listed.toSorted(), [...read].toSorted());
});

test("every figure is documented with its type and labels, and nothing else", async () => {
  const page = readDocument("docs/reference/metrics.md");
  const rows = page.matchAll(/^\| `(millrace_\w+)` \| (\w+) \| (.*?) ?\| ([^|]+) \| ([^|]+) \|$/gm);
  const documented = [...rows].map(([, name = "", type = "", labels = ""]) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label).toSorted(),
  }));
  const byName = (one: { name: string }, other: { name: string }): number =>
    one.name < other.name ? -1 : 1;
  const lines = page.match(/^\| `millrace_/gm) ?? [];
  assert.equal(documented.length, lines.length, "a row has five cells");
  assert.deepEqual(documented.toSorted(byName), (await everyFigure()).toSorted(byName));
});

test("every export of the language has a heading and an example", () => {
  const page = readDocument("docs/reference/language.md");
  const headings = [...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name!);
  assert.deepEqual(headings.toSorted(), Object.keys(language).toSorted());
  const examples = codeBlocks(page)
    .slice(1)
    .map(({ text }) => text);
  for (const name of headings) {
    const isUsed = examples.some((text) => new RegExp(`\\b${name}[.(]`).test(text));
    assert.ok(isUsed, `no example uses ${name}`);
  }
});
