import { isPunctuation, isWord, type SqlToken, sqlTokens } from "./sql-tokens.ts";

/** What the server must know of a statement before the engine sees it. */
export interface Statement {
  readonly kind: "read" | "insert" | "other";
  /** A SELECT, which the engine can give piece by piece. */
  readonly select: boolean;
  /** The output format that the text itself names. */
  readonly format?: string;
  /** Set for an INSERT whose rows follow the statement, in the text or in the request's body. */
  readonly insert?: InsertHead;
}

/** An INSERT apart from its rows. */
export interface InsertHead {
  /** `INSERT INTO t (a, b)`. */
  readonly into: string;
  /** `SETTINGS …`, or nothing. */
  readonly settings: string;
  readonly format: string;
  /** Where in the text the rows begin. */
  readonly dataStart: number;
}

const READS = ["SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "VALUES", "FROM"];

/** Looks at the beginning of a statement; never throws, the engine words all errors. */
export function readStatement(sql: string): Statement {
  const head = sqlTokens(sql.slice(0, INSERT_HEAD_CHARACTERS_MAX));
  const first = head.find((token) => !isPunctuation(token, "("));
  if (isWord(first, "INSERT")) {
    const insert = insertHead(sql, head);
    return insert === undefined
      ? { kind: "insert", select: false }
      : { kind: "insert", select: false, insert };
  }
  const word = first?.kind === "word" ? first.text.toUpperCase() : "";
  if (!READS.includes(word)) return { kind: "other", select: false };
  const select = word === "SELECT" || word === "WITH";
  const format = trailingFormat(sqlTokens(sql));
  return format === undefined
    ? { kind: "read", select }
    : { kind: "read", select, format: format.name };
}

/** An INSERT's words before its rows are at most so long; rows are not looked at. */
const INSERT_HEAD_CHARACTERS_MAX = 64 * 1024;

/** `FORMAT name` at the end of a query, before SETTINGS or a semicolon. */
export function trailingFormat(
  tokens: readonly SqlToken[],
): { name: string; start: number; end: number } | undefined {
  let depth = 0;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (isPunctuation(token, "(")) depth += 1;
    if (isPunctuation(token, ")")) depth -= 1;
    const name = tokens[at + 1];
    if (depth !== 0 || !isWord(token, "FORMAT") || name?.kind !== "word" || token === undefined) {
      continue;
    }
    const after = tokens[at + 2];
    if (after === undefined || isPunctuation(after, ";") || isWord(after, "SETTINGS")) {
      return { name: name.text, start: token.start, end: name.end };
    }
  }
  return undefined;
}

/** Undefined for INSERT … SELECT and for what already reads from a file. */
function insertHead(sql: string, tokens: readonly SqlToken[]): InsertHead | undefined {
  let depth = 0;
  let settingsStart: number | undefined;
  for (let at = 1; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    if (isPunctuation(token, "(")) depth += 1;
    if (isPunctuation(token, ")")) depth -= 1;
    if (depth !== 0) continue;
    if (isWord(token, "SELECT") || isWord(token, "WITH") || isWord(token, "INFILE"))
      return undefined;
    if (isWord(token, "SETTINGS")) settingsStart = token.start;
    const values = isWord(token, "VALUES");
    const name = tokens[at + 1];
    if (!values && !(isWord(token, "FORMAT") && name?.kind === "word")) continue;
    const end = values ? token.end : (name?.end ?? token.end);
    return {
      into: sql.slice(tokens[0]?.start ?? 0, settingsStart ?? token.start).trim(),
      settings: settingsStart === undefined ? "" : sql.slice(settingsStart, token.start).trim(),
      format: values ? "Values" : (name?.text ?? ""),
      dataStart: rowsStart(sql, end),
    };
  }
  return undefined;
}

/** Rows begin after white space up to and with the first line end (ClickHouse's own rule). */
function rowsStart(sql: string, end: number): number {
  let at = end;
  while (sql[at] === " " || sql[at] === "\t" || sql[at] === "\r" || sql[at] === ";") at += 1;
  return sql[at] === "\n" ? at + 1 : at;
}
