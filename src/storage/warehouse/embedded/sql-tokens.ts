/** One lexical token of ClickHouse SQL. */
export interface SqlToken {
  readonly kind: "word" | "quoted" | "string" | "number" | "punctuation" | "parameter";
  /** As written; of a quoted identifier the name without quotes; of a parameter its name. */
  readonly text: string;
  /** Offsets in the text, end exclusive. */
  readonly start: number;
  readonly end: number;
}

const WORD_START = /[A-Za-z_\u0080-\uffff]/;
const WORD = /[A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|[0-9][0-9a-zA-Z_]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const HEREDOC = /\$[A-Za-z0-9_]*\$/y;
const PARAMETER = /\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*:[^{}]*\}/y;
const SPACE = /[\s\u00a0]+/y;

/**
 * Splits SQL into tokens, without comments and white space, by ClickHouse's lexical rules (its
 * `Lexer.cpp`): line and block comments, strings with `\` and doubled quotes, heredocs.
 * A token that doesn't end runs to the end of the text. Linear in the length of the text.
 */
export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  while (at < sql.length) {
    const blank = skipBlank(sql, at);
    if (blank > at) {
      at = blank;
      continue;
    }
    const token = tokenAt(sql, at);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

/** The offset after white space or one comment at `at`; `at` itself where there is neither. */
function skipBlank(sql: string, at: number): number {
  const space = sticky(SPACE, sql, at);
  if (space !== undefined) return at + space[0].length;
  const pair = sql.slice(at, at + 2);
  if (pair === "--" || pair === "#!" || pair === "# ") return lineEnd(sql, at);
  if (pair !== "/*") return at;
  const end = sql.indexOf("*/", at + 2);
  return end < 0 ? sql.length : end + 2;
}

function tokenAt(sql: string, at: number): SqlToken {
  const first = sql[at] ?? "";
  if (first === "'") return { kind: "string", ...quoted(sql, at, "'") };
  if (first === "`" || first === '"') return { kind: "quoted", ...quoted(sql, at, first) };
  if (first === "{") {
    const found = sticky(PARAMETER, sql, at);
    if (found) return token("parameter", found[1] ?? "", at, at + found[0].length);
  }
  if (first === "$") {
    const tag = sticky(HEREDOC, sql, at)?.[0];
    const close = tag === undefined ? -1 : sql.indexOf(tag, at + tag.length);
    if (tag !== undefined && close >= 0) {
      return token("string", sql.slice(at + tag.length, close), at, close + tag.length);
    }
  }
  if (WORD_START.test(first)) {
    const word = sticky(WORD, sql, at)?.[0] ?? first;
    return token("word", word, at, at + word.length);
  }
  const number = sticky(NUMBER, sql, at);
  if (number) return token("number", number[0], at, at + number[0].length);
  return token("punctuation", first, at, at + 1);
}

function token(kind: SqlToken["kind"], text: string, start: number, end: number): SqlToken {
  return { kind, text, start, end };
}

/** A quoted piece: `\x` escapes one character, a doubled quote stands for itself. */
function quoted(sql: string, start: number, quote: string): Omit<SqlToken, "kind"> {
  let at = start + 1;
  while (at < sql.length) {
    if (sql[at] === "\\") at += 2;
    else if (sql[at] !== quote) at += 1;
    else if (sql[at + 1] === quote) at += 2;
    else break;
  }
  const end = Math.min(at + 1, sql.length);
  return { text: sql.slice(start + 1, Math.min(at, sql.length)), start, end };
}

function lineEnd(sql: string, at: number): number {
  const end = sql.indexOf("\n", at);
  return end < 0 ? sql.length : end + 1;
}

function sticky(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

/** Whether a token is this keyword, whatever its case. */
export function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === "word" && token.text.toUpperCase() === word;
}

/** Whether a token is this punctuation character. */
export function isPunctuation(token: SqlToken | undefined, character: string): boolean {
  return token?.kind === "punctuation" && token.text === character;
}

/** Text as a ClickHouse string literal, quotes included. */
export function sqlString(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\0", "\\0")}'`;
}

/** A name as a quoted ClickHouse identifier. */
export function sqlIdentifier(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}
