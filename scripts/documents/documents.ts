import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../steps.ts";

/** A document, by its path relative to the root. */
export interface Document {
  readonly path: string;
  readonly text: string;
}

/** The text of one document. */
export const readDocument = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** What a user reads: the pages at the root and those of `docs`. */
export const documents = (): readonly Document[] =>
  ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md", { cwd: ROOT })]
    .toSorted()
    .map((path) => ({ path, text: readDocument(path) }));
