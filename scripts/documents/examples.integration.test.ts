import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ROOT } from "../steps.ts";
import { codeBlocks, type CodeBlock } from "./code-blocks.ts";
import { documents, readDocument } from "./documents.ts";
import { checkPlan } from "../../src/language/plan/check/check-plan.ts";
import { loadDefinition } from "../../src/runtimes/definition/load-definition.ts";

let folder: string;
before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-documents-"))));
after(() => rmSync(folder, { recursive: true }));

/**
 * A block as a module: as it is where it imports something; in the scope of a file where a comment
 * says `within FILE`; otherwise after its page's first block.
 */
function moduleOf({ text, mark }: CodeBlock, first: CodeBlock): string {
  const file = /^within (.+)$/.exec(mark)?.[1];
  if (file !== undefined) {
    return `${readDocument(file)}\n{\n${text.replaceAll(/^export /gm, "")}\n}`;
  }
  return /^import /m.test(text) || text === first.text ? text : `${first.text}\n${text}`;
}

test("every ts block type-checks", () => {
  const names = new Map<string, string>();
  for (const { path, text } of documents()) {
    const blocks = codeBlocks(text).filter(({ language }) => language === "ts");
    for (const block of blocks) {
      const name = `example-${names.size}.ts`;
      names.set(name, `${path}:${block.line}`);
      writeFileSync(join(folder, name), moduleOf(block, blocks[0]!));
    }
  }
  assert.ok(names.size > 20);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const compilerOptions = {
    noUnusedLocals: false,
    exactOptionalPropertyTypes: false,
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules", "@types")],
    paths: {
      millrace: [join(ROOT, "src/index.ts")],
      "millrace/testing": [join(ROOT, "src/testing.ts")],
    },
  };
  const config = { extends: join(ROOT, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  const report = stdout.replaceAll(/example-\d+\.ts/g, (name) => `${names.get(name)} (${name})`);
  assert.equal(status, 0, report);
});

test("every definition that is shown whole is without mistakes", async () => {
  for (const { path, text } of documents()) {
    for (const { text: code, line } of codeBlocks(text)) {
      if (!/^import [^]*^export default pipeline/m.test(code)) continue;
      const file = join(folder, "definition.ts");
      writeFileSync(file, code);
      assert.deepEqual(checkPlan(await loadDefinition(file)), [], `${path}:${line}`);
    }
  }
});

describe("every sh block that is marked to run does", () => {
  for (const { path, text } of documents()) {
    for (const block of codeBlocks(text)) {
      if (block.mark !== "runs") continue;
      test(`${path}:${block.line}`, () => {
        const { status, stdout, stderr } = spawnSync("sh", ["-ec", block.text], {
          cwd: ROOT,
          env: { ...process.env, FOLDER: folder },
          encoding: "utf8",
        });
        assert.equal(status, 0, stdout + stderr);
      });
    }
  }
});

test("every link to a file leads somewhere, and so does every path that the architecture names", () => {
  const missing: string[] = [];
  for (const { path, text } of documents()) {
    for (const [, target = ""] of text.matchAll(/\]\(([^)#\s]+)(?:#[\w-]*)?\)/g)) {
      const isFile = !/^[a-z]+:/.test(target);
      if (isFile && !existsSync(join(ROOT, dirname(path), target)))
        missing.push(`${path}: ${target}`);
    }
    if (path !== "ARCHITECTURE.md") continue;
    for (const [, named = ""] of text.matchAll(
      /`((?:src|web|sdk|scripts|conformance)\/[\w./-]+)`/g,
    )) {
      if (!existsSync(join(ROOT, named))) missing.push(`${path}: ${named}`);
    }
  }
  assert.deepEqual(missing, []);
});
