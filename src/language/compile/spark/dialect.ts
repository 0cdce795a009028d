import { unsupportedBy } from "../unsupported-by.ts";
import type { Dialect } from "../sql/dialect.ts";

/**
 * Settings of every session that runs what is compiled here. With ANSI's rules an overflow is an
 * error and a decimal's text never has an exponent; `$` in a text is nothing to replace.
 */
export const SPARK_SETTINGS: Readonly<Record<string, string>> = {
  "spark.sql.ansi.enabled": "true",
  "spark.sql.session.timeZone": "UTC",
  "spark.sql.decimalOperations.allowPrecisionLoss": "true",
  "spark.sql.parser.escapedStringLiterals": "false",
  "spark.sql.variable.substitute": "false",
  "spark.sql.caseSensitive": "true",
};

/** A text as a literal; nothing in it ends a line, a statement or the literal. */
export const quoteText = (text: string): string =>
  `'${text.replaceAll(/[\\'\u0000-\u001f$;]/g, (each) =>
    each === "\\" || each === "'"
      ? `\\${each}`
      : `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )}'`;

/** Spark's SQL: 4.1, session settings as `SPARK_SETTINGS`. Columns of time are TIMESTAMP. */
export const SPARK: Dialect = {
  unsupported: unsupportedBy("Spark"),
  text: quoteText,
  time: (ms) => `TIMESTAMP_MILLIS(${ms})`,
  millis: (sql) => `UNIX_MILLIS(${sql})`,
  matches: (sql, expression) => `${sql} RLIKE ${quoteText(expression)}`,
  checked: (sign, left, right) => `${sign === "+" ? "TRY_ADD" : "TRY_MULTIPLY"}(${left}, ${right})`,
};
