/** Writes the table of `docs/reference/limits.md` from the names, values and comments of limits.ts. */
import { readFileSync, writeFileSync } from "node:fs";
import { LIMITS } from "../src/core/limits.ts";

const page = new URL("../docs/reference/limits.md", import.meta.url);
const source = readFileSync(new URL("../src/core/limits.ts", import.meta.url), "utf8");
const values = new Map<string, number>(Object.entries(LIMITS));

const rows = [...source.matchAll(/\/\*\* ((?:(?!\*\/)[^])*?) \*\/\s+(\w+):/g)].flatMap((match) => {
  const [, comment = "", name = ""] = match;
  const value = values.get(name)?.toLocaleString("en-US");
  return value === undefined
    ? []
    : [`| \`${name}\` | ${value} | ${comment.replaceAll(/\s*\n\s*\*?\s*/g, " ")} |`];
});
const table = ["| limit | value | what it bounds |", "|---|---:|---|", ...rows, ""].join("\n");
const text = readFileSync(page, "utf8");
writeFileSync(page, text.slice(0, text.indexOf("| limit |")) + table);
