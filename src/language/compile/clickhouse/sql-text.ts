/** A name in backticks, whatever it contains. */
export const quoteName = (name: string): string =>
  `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;

/** A text as a string literal, whatever it contains. */
export const quoteText = (text: string): string =>
  `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\0", "\\0")}'`;

/** A point in time as a `DateTime64(3, 'UTC')`. */
export const timeSql = (ms: number): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`;

/** The milliseconds of a `DateTime64(3)`. */
export const millisOf = (sql: string): string => `toUnixTimestamp64Milli(${sql})`;

/** Terms joined by AND, each in brackets; `1` when there are none. */
export const allOf = (terms: readonly string[]): string =>
  terms.length === 0 ? "1" : terms.map((term) => `(${term})`).join(" AND ");

/** `WHERE …`, or nothing. */
export const whereClause = (terms: readonly string[]): string =>
  terms.length === 0 ? "" : ` WHERE ${allOf(terms)}`;
