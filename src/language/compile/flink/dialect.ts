import { unsupportedBy } from "../unsupported-by.ts";
import type { Dialect } from "../sql/dialect.ts";

/** A text as a literal; control characters by their number. */
export const quoteText = (text: string): string => {
  const quoted = text.replaceAll("'", "''");
  const control = /[\u0000-\u001f]/;
  if (!control.test(text)) return `'${quoted}'`;
  const escaped = quoted.replaceAll(
    /[\\\u0000-\u001f]/g,
    (each) => `\\${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `U&'${escaped}'`;
};

/** Flink's SQL: 2.3. Times are BIGINT, milliseconds, from the source to the sink. */
export const FLINK: Dialect = {
  unsupported: unsupportedBy("Flink"),
  text: quoteText,
  time: (ms) => `CAST(${ms} AS BIGINT)`,
  millis: (sql) => sql,
  matches: (sql, expression) => `REGEXP(${sql}, ${quoteText(expression)})`,
  // What doesn't fit is null.
  checked: (sign, left, right) => `(${left} ${sign} ${right})`,
};
