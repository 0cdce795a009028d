/** `npm run report:shape`: how big files and functions are. A report to look at, not a limit. */
import { fileURLToPath } from "node:url";
import { isTest } from "./tidy/finding.ts";
import { readTree } from "./tidy/read-tree.ts";
import { shapeOf } from "./shape.ts";
import type { FunctionShape } from "./shape.ts";

const tree = readTree(fileURLToPath(new URL("..", import.meta.url)));
const files = [...tree]
  .filter(([path]) => path.endsWith(".ts"))
  .map(([path, text]) => ({ path, ...shapeOf(text) }));
const product = files.filter(({ path }) => path.startsWith("src/") && !isTest(path));
const tests = files.filter(
  ({ path }) => isTest(path) || /^(conformance|stress|simulation)/.test(path),
);

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

function printSizes(what: string, values: readonly number[]): void {
  const sorted = values.toSorted((left, right) => left - right);
  const parts = [at(sorted, 0.5), at(sorted, 0.9), sorted.at(-1) ?? 0].map((n) =>
    `${n}`.padStart(6),
  );
  console.log(`${what.padEnd(22)}${`${sorted.length}`.padStart(6)}${parts.join("")}`);
}

const lines = sum(product.map((file) => file.lines));
const functions = product.flatMap((file) =>
  file.functions.map((one) => ({ ...one, path: file.path })),
);
console.log(`${"lines".padEnd(22)} count median   p90   max`);
printSizes(
  "files of src",
  product.map((file) => file.lines),
);
printSizes(
  "functions of src",
  functions.map((one) => one.lines),
);
printSizes(
  "test files",
  tests.map((file) => file.lines),
);

console.log(
  `\nsrc: ${lines} lines, ${percent(sum(product.map((file) => file.comments)), lines)} comments`,
);
console.log(
  `test lines per line of src: ${(sum(tests.map((file) => file.lines)) / lines).toFixed(2)}`,
);
console.log(`functions over 70 lines: ${functions.filter((one) => one.lines > 70).length}`);

const byWing = Map.groupBy(product, ({ path }) =>
  path
    .split("/")
    .slice(0, path.split("/").length > 2 ? 2 : 1)
    .join("/"),
);
console.log("\nwings:");
for (const [wing, members] of byWing) {
  console.log(
    `  ${wing.padEnd(18)}${`${members.length}`.padStart(5)} files ${`${sum(members.map((file) => file.lines))}`.padStart(7)} lines`,
  );
}
const longest = <Item extends { readonly lines: number }>(items: readonly Item[]): Item[] =>
  items.toSorted((left, right) => right.lines - left.lines).slice(0, 10);
console.log("\nlongest files:");
for (const file of longest(product)) console.log(`${`${file.lines}`.padStart(6)}  ${file.path}`);
console.log("\nlongest functions:");
for (const one of longest<FunctionShape & { path: string }>(functions)) {
  console.log(`${`${one.lines}`.padStart(6)}  ${one.path}:${one.line} ${one.name}`);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(0)} %`;
}
