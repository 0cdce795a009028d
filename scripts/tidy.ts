/**
 * What no other tool checks: the direction of imports, packages in one place, clocks and chance as
 * parameters, reference pages that agree with the sources, and the rest of `scripts/tidy/`.
 */
import { fileURLToPath } from "node:url";
import { ERROR_CODES } from "../src/core/errors.ts";
import { LIMITS } from "../src/core/limits.ts";
import { missingBuilds } from "./lockfile.ts";
import * as layers from "./layers.ts";
import { checkDocuments } from "./tidy/check-documents.ts";
import { checkImports } from "./tidy/check-imports.ts";
import { checkWords } from "./tidy/check-words.ts";
import { readTree } from "./tidy/read-tree.ts";

const tree = readTree(fileURLToPath(new URL("..", import.meta.url)));
const findings = [
  ...checkImports(tree, {
    layers: layers.LAYERS,
    adapters: layers.ADAPTERS,
    pureNodeModules: layers.PURE_NODE_MODULES,
    importExceptions: layers.IMPORT_EXCEPTIONS,
    packageExceptions: layers.PACKAGE_EXCEPTIONS,
    entryFiles: layers.ENTRY_FILES,
  }),
  ...checkWords(tree, layers.CLOCK_EXCEPTIONS),
  ...checkDocuments(tree, { errorCodes: Object.keys(ERROR_CODES), limits: LIMITS }),
  ...Object.keys(missingBuilds(JSON.parse(tree.get("package-lock.json") ?? "{}"))).map((path) => ({
    file: "package-lock.json",
    line: 1,
    what: `no entry for ${path}, so npm ci refuses it on other machines`,
    mend: "run: node scripts/complete-lockfile.ts",
  })),
];
for (const { file, line, what, mend } of findings) {
  console.log(`${file}:${line}: ${what}\n    ${mend}`);
}
console.log(findings.length === 0 ? `${tree.size} files are tidy` : `${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;
