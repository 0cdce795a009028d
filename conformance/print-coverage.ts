/** Writes `docs/specs/conformance.md`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { coveragePage } from "./coverage-page.ts";
import { loadCases } from "./load-case.ts";

const path = join(import.meta.dirname, "..", "docs", "specs", "conformance.md");
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, coveragePage(await loadCases()));
console.log(path);
