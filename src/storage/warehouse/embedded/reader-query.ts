import { EngineError } from "./engine-error.ts";
import type { EngineSession, QueryContext } from "./engine-session.ts";
import { checkQuery, type FenceRules, readerSettings } from "./fence.ts";
import { SAFE_CATEGORIES, SAFE_FUNCTIONS, UNSAFE_FUNCTIONS } from "./fence-lists.ts";
import { sqlString, sqlTokens } from "./sql-tokens.ts";
import { trailingFormat } from "./statement.ts";

/** An outsider's query that has passed the fence. */
export interface CheckedQuery {
  /** The engine's own writing of the query, without its FORMAT. */
  readonly sql: string;
  readonly format: string | undefined;
}

/**
 * Brings a session of the reader's role to the query's context and checks the query in it. What is
 * run afterwards must be the `sql` that this gives, in the same session.
 */
export async function checkedQuery(
  session: EngineSession,
  sql: string,
  context: QueryContext,
  rules: FenceRules,
): Promise<CheckedQuery> {
  await session.prepare({
    ...context,
    database: readerDatabase(context.database, rules),
    settings: readerSettings(context.settings ?? {}),
  });
  const written = await formatted(session, sql);
  const format = trailingFormat(sqlTokens(written));
  const bare =
    format === undefined ? written : written.slice(0, format.start) + written.slice(format.end);
  // Looked at before the tree is asked for: `EXPLAIN AST … INTO OUTFILE` would write the file.
  if (/\bINTO\s+OUTFILE\b/i.test(bare)) checkQuery(bare, "", rules);
  const ast = isExplainable(bare) ? await text(session, `EXPLAIN AST ${bare}`) : "Other";
  checkQuery(bare, ast, rules);
  return { sql: bare, format: format?.name };
}

/** The query as the engine's formatter writes it; a syntax error tells nothing of how it was found. */
async function formatted(session: EngineSession, sql: string): Promise<string> {
  try {
    return await text(session, `SELECT formatQuerySingleLine(${sqlString(sql)})`);
  } catch (error) {
    const { code, message } = EngineError.from(error);
    const scope = message.indexOf(": In scope SELECT formatQuerySingleLine(");
    if (scope < 0) throw error;
    throw new EngineError(code, `${message.slice(0, scope)} (SYNTAX_ERROR)`);
  }
}

/** Only what reads has a tree worth asking for; the rest is refused by its kind. */
function isExplainable(sql: string): boolean {
  return /^(\(*\s*(SELECT|WITH)|SHOW|DESCRIBE|EXISTS)\b/i.test(sql);
}

async function text(session: EngineSession, sql: string): Promise<string> {
  const result = await session.run(sql, "TabSeparatedRaw");
  return Buffer.from(result.bytes).toString("utf8").replace(/\n$/, "");
}

/** `default` is what clients send when they were told nothing. */
function readerDatabase(asked: string | undefined, rules: FenceRules): string {
  if (asked === undefined || asked === "" || asked === "default") return rules.database;
  if (asked === rules.database) return asked;
  throw EngineError.of(
    497,
    "ACCESS_DENIED",
    `Not enough privileges: database ${sqlString(asked)}; the project's is ${rules.database}`,
  );
}

/** The engine's version, as error texts name it. */
export async function engineVersion(control: EngineSession): Promise<string> {
  return `${await text(control, "SELECT version()")} (chdb)`;
}

/** Asks the engine which functions and combinators it has, and keeps those that only compute. */
export async function fenceRules(control: EngineSession, database: string): Promise<FenceRules> {
  const listed = await text(
    control,
    "SELECT name, alias_to, categories, is_aggregate FROM system.functions",
  );
  const rows = listed.split("\n").map((line) => line.split("\t"));
  const safe = (name: string, categories: string, aggregate: string): boolean =>
    !UNSAFE_FUNCTIONS.has(name) &&
    (aggregate === "1" ||
      SAFE_FUNCTIONS.has(name) ||
      categories.split(",").some((category) => SAFE_CATEGORIES.has(category)));
  const names = new Set<string>();
  for (const [name = "", , categories = "", aggregate = ""] of rows) {
    if (safe(name, categories, aggregate)) names.add(name.toLowerCase());
  }
  for (const [name = "", alias = ""] of rows) {
    if (alias !== "" && names.has(alias.toLowerCase())) names.add(name.toLowerCase());
  }
  for (const name of SAFE_FUNCTIONS) names.add(name.toLowerCase());
  const combinators = await text(control, "SELECT name FROM system.aggregate_function_combinators");
  return { database, functions: names, combinators: combinators.split("\n") };
}
