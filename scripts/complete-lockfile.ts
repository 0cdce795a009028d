/** Adds to `package-lock.json` the builds for other platforms that npm left out (`lockfile.ts`). */
import { readFileSync, writeFileSync } from "node:fs";
import { missingBuilds } from "./lockfile.ts";
import type { Lockfile } from "./lockfile.ts";

const file = new URL("../package-lock.json", import.meta.url);
const lockfile: Lockfile = JSON.parse(readFileSync(file, "utf8"));
const missing = missingBuilds(lockfile);
const packages = { ...lockfile.packages, ...missing };
const sorted = Object.entries(packages).toSorted(([left], [right]) =>
  left.localeCompare(right, "en"),
);
const text = JSON.stringify({ ...lockfile, packages: Object.fromEntries(sorted) }, undefined, 2);
writeFileSync(file, `${text}\n`);
console.log(`${Object.keys(missing).length} entries added`);
