import { posix } from "node:path";
import type { Exception, Layer } from "../layers.ts";
import { isProduct, isTest, lineAt } from "./finding.ts";
import type { Finding, Tree } from "./finding.ts";
import { blank, importsOf, pathsNamedIn } from "./source.ts";
import type { ImportOf } from "./source.ts";

/** The tables that imports are held against (`scripts/layers.ts`). */
export interface ImportRules {
  readonly layers: readonly Layer[];
  readonly adapters: RegExp;
  readonly pureNodeModules: readonly string[];
  readonly importExceptions: readonly Exception[];
  readonly packageExceptions: Readonly<Record<string, string>>;
  readonly entryFiles: readonly RegExp[];
}

interface Importing extends ImportOf {
  readonly file: string;
  readonly line: number;
}

/** Directions between layers, packages in one place, files that nothing uses. */
export function checkImports(tree: Tree, rules: ImportRules): Finding[] {
  const imports = [...tree]
    .filter(([file]) => isProduct(file))
    .flatMap(([file, text]) =>
      importsOf(text).map((one) => ({ ...one, file, line: lineAt(text, one.position) })),
    );
  return [
    ...imports.flatMap((one) => checkOne(one, rules)),
    ...checkPackages(imports, rules),
    ...checkUnreferenced(tree, rules),
  ];
}

function checkOne(one: Importing, rules: ImportRules): Finding[] {
  const path = one.file.slice("src/".length);
  const layer = layerOf(path, rules.layers);
  const found = (what: string, mend: string): Finding[] => [
    { file: one.file, line: one.line, what, mend },
  ];
  if (layer === undefined) {
    return found("this folder has no layer", "add it to the table in scripts/layers.ts");
  }
  if (one.specifier.startsWith("node:")) {
    const isAllowed =
      layer.node === "any" ||
      (layer.node === "pure" && rules.pureNodeModules.includes(one.specifier));
    if (isAllowed) return [];
    return found(`${layer.path} imports ${one.specifier}`, "take what it gives as a parameter");
  }
  if (!one.specifier.startsWith(".")) {
    if (layer.packages) return [];
    return found(
      `${layer.path} imports the package ${one.specifier}`,
      "put it behind a port in a layer that may do I/O",
    );
  }
  const target = posix.join(posix.dirname(path), one.specifier);
  if (rules.importExceptions.some((but) => but.from === path && but.to === target)) return [];
  const targetLayer = layerOf(target, rules.layers);
  const isOwn = targetLayer?.path === layer.path;
  const mayImport = isOwn || layer.mayImport.some((prefix) => target.startsWith(prefix));
  if (!mayImport) {
    return found(
      `${layer.path} imports ${target}, which isn't below it`,
      "move what both need further down, or pass it in from runtimes",
    );
  }
  const adapter = rules.adapters.exec(target)?.[0];
  if (adapter !== undefined && !path.startsWith(adapter) && !path.startsWith("runtimes/")) {
    return found(`${target} is an adapter; only runtimes may name one`, "import the port instead");
  }
  return [];
}

function layerOf(path: string, layers: readonly Layer[]): Layer | undefined {
  return layers
    .filter((layer) => path.startsWith(layer.path))
    .toSorted((left, right) => right.path.length - left.path.length)[0];
}

function checkPackages(imports: readonly Importing[], rules: ImportRules): Finding[] {
  const users = new Map<string, Importing[]>();
  for (const one of imports) {
    if (one.specifier.startsWith(".") || one.specifier.startsWith("node:")) continue;
    const parts = one.specifier.split("/");
    const name = one.specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0]!;
    users.set(name, [...(users.get(name) ?? []), one]);
  }
  return [...users].flatMap(([name, all]) => {
    const files = new Set(all.map((one) => one.file));
    if (files.size === 1 || Object.hasOwn(rules.packageExceptions, name)) return [];
    return all.slice(1).flatMap((one) =>
      one.file === all[0]!.file
        ? []
        : {
            file: one.file,
            line: one.line,
            what: `the package ${name} is also imported by ${all[0]!.file}`,
            mend: "import it in one file and use that file's exports elsewhere",
          },
    );
  });
}

/** Follows imports from the entries; a test doesn't make a file of the product used. */
function checkUnreferenced(tree: Tree, rules: ImportRules): Finding[] {
  const isRoot = (path: string): boolean =>
    rules.entryFiles.some((entry) => entry.test(path)) ||
    (/\.(ts|js)$/.test(path) && !path.startsWith("src/"));
  const waiting = [...tree.keys()].filter((path) => isRoot(path) && !isTest(path));
  const reached = new Set(waiting);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const text = tree.get(path)!;
    const named = [
      ...importsOf(text, blank(text)).map((one) => one.specifier),
      ...pathsNamedIn(text),
    ];
    for (const specifier of named) {
      const target = posix.join(posix.dirname(path), specifier);
      if (!specifier.startsWith(".") || !tree.has(target) || reached.has(target)) continue;
      reached.add(target);
      waiting.push(target);
    }
  }
  return [...tree.keys()]
    .filter((path) => isProduct(path) && !reached.has(path))
    .map((file) => ({
      file,
      line: 1,
      what: "nothing but tests uses this file",
      mend: "use it, delete it, or name it in ENTRY_FILES of scripts/layers.ts",
    }));
}
