import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Whether npm installed this as somebody's package; otherwise it is a clone. */
export const isPackage = ROOT.split(sep).includes("node_modules");

/** Steps up beyond which a relative path says less than an absolute one. */
const UP_MAX = 2;

/** A path of this installation as seen from a folder: `../millrace/src/index.ts`. */
export function ownPath(path: string, folder: string): string {
  const absolute = join(ROOT, path);
  const steps = relative(folder, absolute).split(sep);
  if (steps.filter((step) => step === "..").length > UP_MAX) return absolute;
  return steps[0] === ".." ? steps.join("/") : `./${steps.join("/")}`;
}

/** How a shell in a folder calls Millrace: by this clone's path, or by `npx` where npm installed it. */
export function ownCommand(folder: string): string {
  if (isPackage) return "npx millrace";
  const path = ownPath("bin/millrace.js", folder);
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
