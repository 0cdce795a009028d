// Preloaded when Millrace is installed as a package: Node refuses to strip types from files under
// `node_modules`, so this does it, for Millrace's own files only. Children and workers inherit it.
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const own = new URL("../", import.meta.url).href;
const flag = `--import=${import.meta.url}`;
const options = process.env.NODE_OPTIONS ?? "";
if (!options.includes(flag)) process.env.NODE_OPTIONS = `${options} ${flag}`.trim();

const emitWarning = process.emitWarning;
process.emitWarning = (warning, ...rest) => {
  if (!String(warning).includes("stripTypeScriptTypes")) emitWarning(warning, ...rest);
};

registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith(own) || !url.endsWith(".ts")) return nextLoad(url, context);
    const source = stripTypeScriptTypes(readFileSync(fileURLToPath(url), "utf8"));
    return { format: "module", source, shortCircuit: true };
  },
});
