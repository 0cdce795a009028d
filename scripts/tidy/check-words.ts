import { basename } from "node:path";
import { isProduct, lineAt } from "./finding.ts";
import type { Finding, Tree } from "./finding.ts";
import { blank } from "./source.ts";

interface WordRule {
  readonly pattern: RegExp;
  /** What is searched: everything, or code without comments and strings. */
  readonly within: "text" | "code";
  readonly appliesTo: (path: string) => boolean;
  readonly what: string;
  readonly mend: string;
}

const isCode = (path: string): boolean => /\.(ts|js|sql)$/.test(path);
/** This file and its test spell the forbidden words out. */
const isSelf = (path: string): boolean => path.startsWith("scripts/tidy/");

const RULES: readonly WordRule[] = [
  {
    pattern:
      /\b(?:Date\.now\b|new Date\(\s*\)|Math\.random\b|performance\.now\b|process\.hrtime\b)/g,
    within: "code",
    appliesTo: (path) =>
      isProduct(path) && !path.startsWith("src/core/") && !path.startsWith("src/cli/"),
    what: "reads the machine's clock or chance",
    mend: "take a Clock or a Random (src/core) as a parameter",
  },
  {
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/g,
    within: "text",
    appliesTo: (path) => isCode(path) && !isSelf(path),
    what: "a note to come back",
    mend: "do it now, or open an issue and delete the note",
  },
  {
    pattern: /\bexport\s+default\b/g,
    within: "code",
    appliesTo: (path) => path.startsWith("src/") && path.endsWith(".ts"),
    what: "a default export",
    mend: "export it by its name",
  },
  {
    pattern: /\benum\s+\w+\s*\{|\bnamespace\s+\w+\s*\{/g,
    within: "code",
    appliesTo: (path) => path.endsWith(".ts"),
    what: "an enum or a namespace, which Node can't strip",
    mend: "use a union of literals, or a module",
  },
  {
    pattern: /(?<![\w.:~-])\/(?:work|root|home)\/\w/g,
    within: "text",
    appliesTo: (path) => !isSelf(path),
    what: "an absolute path of somebody's machine",
    mend: "write a relative path, or take it from the environment",
  },
  {
    pattern: /import\.meta\.url\)\.pathname/g,
    within: "code",
    appliesTo: (path) => path.endsWith(".ts") && !isSelf(path),
    what: "a path taken from a URL, where a space is %20",
    mend: "use fileURLToPath of node:url",
  },
  {
    pattern: /"resolved": "https?:\/\/(?!registry\.npmjs\.org\/)/g,
    within: "text",
    appliesTo: (path) => basename(path) === "package-lock.json",
    what: "a package from another registry",
    mend: "install it from the public registry, by its name",
  },
];

/** Words that must not stand in the files they apply to, and names of files. */
export function checkWords(
  tree: Tree,
  clockExceptions: Readonly<Record<string, string>>,
): Finding[] {
  const findings: Finding[] = [];
  for (const [file, text] of tree) {
    if (!isKebab(file)) {
      findings.push({
        file,
        line: 1,
        what: "the file's name isn't in kebab-case",
        mend: "name it by the noun it exports, in lower case, with hyphens",
      });
    }
    let code: string | undefined;
    for (const rule of RULES) {
      if (!rule.appliesTo(file)) continue;
      if (rule === RULES[0] && Object.hasOwn(clockExceptions, file)) continue;
      const searched = rule.within === "text" ? text : (code ??= blank(text));
      for (const match of searched.matchAll(rule.pattern)) {
        const what = `${rule.what}: ${match[0].trim()}`;
        findings.push({ file, line: lineAt(text, match.index), what, mend: rule.mend });
      }
    }
  }
  return findings;
}

const isKebab = (path: string): boolean =>
  !/\.(ts|js)$/.test(path) || /^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(basename(path));
