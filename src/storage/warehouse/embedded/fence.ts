import { EngineError } from "./engine-error.ts";
import { READER_SETTINGS } from "./engine-config.ts";
import * as lists from "./fence-lists.ts";
import { isPunctuation, isWord, type SqlToken, sqlTokens } from "./sql-tokens.ts";

/** What the fence knows of the project and of the engine. */
export interface FenceRules {
  /** The one database that outsiders read. */
  readonly database: string;
  /** Names of scalar and aggregate functions that only compute, in lower case. */
  readonly functions: ReadonlySet<string>;
  /** Suffixes of aggregate functions (`If`, `OrNull` …), as the engine spells them. */
  readonly combinators: readonly string[];
}

/** One node of `EXPLAIN AST`: its kind, the rest of its line, and its depth. */
interface Node {
  readonly kind: string;
  readonly name: string;
  readonly parent: string;
}

const refuse = (what: string): never => {
  throw EngineError.of(
    497,
    "ACCESS_DENIED",
    `Not enough privileges: ${what}. Outsiders' SQL may read the project's own tables and ` +
      "nothing else; see docs/guides/sql-and-grafana.md",
  );
};

/**
 * The second of two fences; the first is the engine's own (role `reader`, `readonly`), this one
 * covers what it lets through: functions that read files, `INTO OUTFILE`, settings, `system`.
 *
 * `sql` must be the text as the engine's own formatter wrote it (one statement, no comments) and
 * `ast` what its own parser made of that text (`EXPLAIN AST`, parameters put in), so that there is
 * no difference between what is looked at and what is run. Throws `EngineError` 497.
 */
export function checkQuery(sql: string, ast: string, rules: FenceRules): void {
  const tokens = sqlTokens(sql);
  checkTokens(tokens, rules);
  const nodes = parseAst(ast);
  for (const node of nodes) checkNode(node, rules);
  checkPaths(nodes);
  const settings = tokens.filter((token, at) => isSettings(token, tokens[at + 1], tokens[at + 2]));
  const sets = nodes.filter((node) => node.kind === "Set");
  if (sets.length !== settings.length) refuse("a SETTINGS clause in this place");
}

function checkTokens(tokens: readonly SqlToken[], rules: FenceRules): void {
  if (isWord(tokens[0], "SHOW")) checkShow(tokens);
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    const next = tokens[at + 1];
    if (token === undefined) break;
    if (isWord(token, "INTO") && isWord(next, "OUTFILE")) refuse("INTO OUTFILE writes a file");
    if (isPunctuation(token, ";")) refuse("more than one statement");
    if (token.kind === "quoted" && /[\\\p{Cc}]/u.test(token.text)) {
      refuse("a name with a control character or a backslash");
    }
    if (isWord(token, "APPLY")) checkApply(tokens, at, rules);
    if (isSettings(token, next, tokens[at + 2])) checkSettings(tokens, at + 1);
  }
}

function isSettings(token: SqlToken, name: SqlToken | undefined, equals: SqlToken | undefined) {
  return isWord(token, "SETTINGS") && name?.kind === "word" && isPunctuation(equals, "=");
}

/** `* APPLY(name)` doesn't show its function in the tree. */
function checkApply(tokens: readonly SqlToken[], at: number, rules: FenceRules): void {
  const name = isPunctuation(tokens[at + 1], "(") ? tokens[at + 2] : tokens[at + 1];
  if (name === undefined) return;
  if (name.kind === "word" && /^[a-z_]\w*$/i.test(name.text)) checkFunction(name.text, rules);
  else refuse("APPLY with something other than a function's name");
}

function checkSettings(tokens: readonly SqlToken[], from: number): void {
  for (let at = from; isPunctuation(tokens[at + 1], "=");) {
    const name = tokens[at]?.text ?? "";
    const value = tokens[at + 2];
    const known = settingRule(name);
    if (known === "refused") refuseSetting(name);
    if (known === "bounded" && (value?.kind !== "number" || !withinBound(name, value.text))) {
      throw EngineError.of(
        452,
        "SETTING_CONSTRAINT_VIOLATION",
        `Setting ${name} shouldn't be greater than ${READER_SETTINGS[name]}, nor 0`,
      );
    }
    if (!isPunctuation(tokens[at + 3], ",")) return;
    at += 4;
  }
}

function refuseSetting(name: string): never {
  throw EngineError.of(164, "READONLY", `Cannot modify '${name}' setting in readonly mode`);
}

function withinBound(name: string, value: string): boolean {
  const asked = Number(value);
  return asked > 0 && asked <= Number(READER_SETTINGS[name]);
}

function settingRule(name: string): "safe" | "bounded" | "ignored" | "refused" {
  if (lists.SAFE_SETTINGS.has(name)) return "safe";
  if (lists.SAFE_SETTING_PREFIXES.some((prefix) => name.startsWith(prefix))) return "safe";
  if (lists.BOUNDED_SETTINGS.has(name)) return "bounded";
  return lists.IGNORED_SETTINGS.has(name) ? "ignored" : "refused";
}

/**
 * Settings of a request's URL as a reader may have them: bounded ones are cut to their bound
 * (clients send their own time limit with every query), what means nothing is left out. Throws
 * `EngineError` 164 for all others.
 */
export function readerSettings(asked: Readonly<Record<string, string>>): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(asked)) {
    const known = settingRule(name);
    if (known === "refused") refuseSetting(name);
    if (known === "safe") settings[name] = value;
    if (known === "bounded" && withinBound(name, value)) settings[name] = value;
  }
  return settings;
}

/** SHOW is rewritten by the engine after parsing, so its tree hides conditions: only plain forms. */
function checkShow(tokens: readonly SqlToken[]): void {
  const text = tokens
    .map((token) => (token.kind === "string" ? "'" : token.kind === "quoted" ? "name" : token.text))
    .join(" ");
  const plain =
    /^SHOW (FULL )?(TABLES|DATABASES|(EXTENDED )?(FULL )?COLUMNS)( FROM \w+( \. \w+)?( FROM \w+)?)?( (NOT )?I?LIKE ')?( LIMIT \d+)?$/i;
  const create = /^SHOW CREATE (TABLE |VIEW )?\w+( \. \w+)?$/i;
  if (!plain.test(text) && !create.test(text)) refuse("this form of SHOW");
}

function checkNode(node: Node, rules: FenceRules): void {
  if (!lists.SAFE_NODES.has(node.kind)) refuse(`a statement or clause of the kind ${node.kind}`);
  if (node.kind === "Function") {
    if (node.parent !== "TableExpression") checkFunction(node.name, rules);
    else if (!lists.SAFE_TABLE_FUNCTIONS.has(node.name)) refuse(`table function ${node.name}`);
  }
  if (node.kind === "TableIdentifier") checkTable(node.name, rules);
  if (node.kind === "Identifier" && /^system\.[^.]+$/i.test(node.name)) {
    refuse(`${node.name} as a value`);
  }
  if (node.kind === "ShowCreateTableQuery" || node.kind === "ExistsTableQuery") {
    const [first, second] = node.name.trim().split(" ");
    checkTable(second ? `${first}.${second}` : (first ?? ""), rules);
  }
}

function checkTable(name: string, rules: FenceRules): void {
  const dot = name.indexOf(".");
  if (dot < 0 || name.startsWith(`${rules.database}.`)) return;
  const database = name.slice(0, dot);
  const table = name.slice(dot + 1);
  if (database === "system" && lists.SAFE_SYSTEM_TABLES.has(table)) return;
  const schema = database === "information_schema" || database === "INFORMATION_SCHEMA";
  if (schema && lists.SAFE_SCHEMA_TABLES.has(table.toLowerCase())) return;
  refuse(`table ${name}`);
}

function checkFunction(name: string, rules: FenceRules): void {
  if (rules.functions.has(name.toLowerCase())) return;
  let stem = name;
  for (;;) {
    const suffix = rules.combinators.find((each) => stem.endsWith(each) && stem !== each);
    if (suffix === undefined) break;
    stem = stem.slice(0, -suffix.length);
    if (rules.functions.has(stem.toLowerCase())) return;
  }
  refuse(`function ${name}`);
}

/** Where a table that tells paths is read, its columns must be named, and those not among them. */
function checkPaths(nodes: readonly Node[]): void {
  const table = nodes.find(
    (node) =>
      node.kind === "TableIdentifier" &&
      node.name.startsWith("system.") &&
      lists.TABLES_WITH_PATHS.has(node.name.slice("system.".length)),
  );
  if (table === undefined) return;
  for (const node of nodes) {
    const last = node.name.slice(node.name.lastIndexOf(".") + 1);
    if (node.kind === "Identifier" && lists.PATH_COLUMNS.has(last)) refuse(`column ${last}`);
    const star = /Asterisk$|Matcher$/.test(node.kind) && node.parent !== "count";
    if (star) refuse(`all columns of ${table.name}: some tell paths; name those you need`);
  }
}

/**
 * Lines of `EXPLAIN AST`, indented by one blank a level. A name may itself hold blanks, so the kind
 * is the first word and the name what lies between it and ` (alias` or ` (children`.
 */
function parseAst(ast: string): Node[] {
  const path: string[] = [];
  const nodes: Node[] = [];
  for (const line of ast.split("\n")) {
    if (line.trim() === "") continue;
    const depth = line.length - line.trimStart().length;
    const text = line.trim().replace(/ \(children \d+\)$/, "");
    const space = text.indexOf(" ");
    const kind = space < 0 ? text : text.slice(0, space);
    const name = (space < 0 ? "" : text.slice(space + 1)).replace(/ \(alias [^]*\)$/, "");
    const parent = path[depth - 1] ?? "";
    // The list under a function is no parent of its own: `count(*)` is told by the function.
    path[depth] = kind === "ExpressionList" ? (parentName(nodes, parent) ?? kind) : kind;
    path.length = depth + 1;
    nodes.push({ kind, name, parent });
  }
  return nodes;
}

/** The name of the function that was read last, when a list opens right under it. */
function parentName(nodes: readonly Node[], parent: string): string | undefined {
  return parent === "Function" ? nodes.at(-1)?.name : undefined;
}
