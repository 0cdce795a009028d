import type { Finding, Tree } from "./finding.ts";

/** What the reference pages must say, taken from the sources. */
export interface Reference {
  readonly errorCodes: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

const ERRORS_PAGE = "docs/reference/errors.md";
const LIMITS_PAGE = "docs/reference/limits.md";

/** One title per document; codes and limits documented, and nothing else documented as one. */
export function checkDocuments(tree: Tree, reference: Reference): Finding[] {
  return [
    ...[...tree].flatMap(([file, text]) => (file.endsWith(".md") ? checkTitle(file, text) : [])),
    ...checkErrors(tree.get(ERRORS_PAGE) ?? "", reference.errorCodes),
    ...checkLimits(tree.get(LIMITS_PAGE) ?? "", reference.limits),
  ];
}

function checkTitle(file: string, text: string): Finding[] {
  let isFenced = false;
  const titles: number[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(```|~~~)/.test(line)) isFenced = !isFenced;
    else if (!isFenced && /^# /.test(line)) titles.push(index + 1);
  }
  if (titles.length === 1) return [];
  const mend = "give the document one line that begins with a single #";
  return [{ file, line: titles[1] ?? 1, what: `the document has ${titles.length} titles`, mend }];
}

function checkErrors(page: string, codes: readonly string[]): Finding[] {
  const lines = page.split("\n");
  const headings = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    const code = /^## ([A-Z][A-Z0-9_]+)$/.exec(line)?.[1];
    if (code !== undefined) headings.set(code, index + 1);
  }
  const missing = codes
    .filter((code) => !headings.has(code))
    .map((code) => ({
      file: ERRORS_PAGE,
      line: lines.length,
      what: `${code} isn't documented`,
      mend: `add "## ${code}": when it happens and what to do`,
    }));
  const extra = [...headings]
    .filter(([code]) => !codes.includes(code))
    .map(([code, line]) => ({
      file: ERRORS_PAGE,
      line,
      what: `${code} is documented but isn't a code`,
      mend: "delete the heading, or add the code to src/core/errors.ts",
    }));
  return [...missing, ...extra];
}

function checkLimits(page: string, limits: Readonly<Record<string, number>>): Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const lines = page.split("\n");
  for (const [index, line] of lines.entries()) {
    const [, name, value] = /^\| `(\w+)` +\| ([\d,]+)/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    seen.add(name);
    const real = limits[name];
    if (real === Number(value.replaceAll(",", ""))) continue;
    const what = real === undefined ? `${name} isn't a limit` : `${name} is ${real}, not ${value}`;
    const mend = "run: node scripts/write-limits.ts";
    findings.push({ file: LIMITS_PAGE, line: index + 1, what, mend });
  }
  for (const name of Object.keys(limits)) {
    if (seen.has(name)) continue;
    findings.push({
      file: LIMITS_PAGE,
      line: lines.length,
      what: `the limit ${name} isn't documented`,
      mend: "run: node scripts/write-limits.ts",
    });
  }
  return findings;
}
