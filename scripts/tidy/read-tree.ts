import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Tree } from "./finding.ts";

const SKIPPED = /^(node_modules|\.git|data|data-.*|dist|coverage|sample|vendor)$/;
const READ = /\.(ts|js|md|sql|json|html|css|yml|yaml|sh)$/;

/** The project's own text files. */
export function readTree(root: string): Tree {
  const tree = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!SKIPPED.test(entry.name)) visit(path);
      } else if (entry.isFile() && READ.test(entry.name)) {
        tree.set(relative(root, path).replaceAll(sep, "/"), readFileSync(path, "utf8"));
      }
    }
  };
  visit(root);
  return tree;
}
