/** A name in backticks, whatever it contains. */
export const quoteName = (name: string): string => `\`${name.replaceAll("`", "``")}\``;

/** Terms joined by AND, each in brackets; `TRUE` when there are none. */
export const allOf = (terms: readonly string[]): string =>
  terms.length === 0 ? "TRUE" : terms.map((term) => `(${term})`).join(" AND ");

/** `WHERE …`, or nothing. */
export const whereClause = (terms: readonly string[]): string =>
  terms.length === 0 ? "" : ` WHERE ${allOf(terms)}`;

/** The type of an exact number of `digits` digits, `scale` of them after the point. */
export const decimalType = (digits: number, scale: number): string =>
  `DECIMAL(${digits}, ${scale})`;

/** A conversion. */
export const castSql = (sql: string, type: string): string => `CAST(${sql} AS ${type})`;
