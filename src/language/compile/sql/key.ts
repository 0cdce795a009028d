import { typeOf } from "../../plan/expression.ts";
import type { Dimension } from "../../plan/measure.ts";
import type { Dialect } from "./dialect.ts";
import { castSql } from "./sql-text.ts";

/** What JSON's short escapes stand for; every other control character becomes `\u00xx`. */
const SHORT: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
};

/** Backslashes come first: the others bring some. */
const ESCAPED: readonly (readonly [character: string, escape: string])[] = [
  ["\\", "\\\\"],
  ...[...Array(32).keys()]
    .map((code) => String.fromCharCode(code))
    .concat('"')
    .map((character): [string, string] => [
      character,
      SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ]),
];

/** A text as `JSON.stringify` writes it. Texts without anything to escape take the short way. */
function jsonText(sql: string, { text, matches }: Dialect): string {
  const escaped = ESCAPED.reduce(
    (below, [character, escape]) => `REPLACE(${below}, ${text(character)}, ${text(escape)})`,
    sql,
  );
  const isEscaped = matches(sql, '[\\x00-\\x1f"\\\\]');
  return `CONCAT('"', CASE WHEN ${isEscaped} THEN ${escaped} ELSE ${sql} END, '"')`;
}

/**
 * The canonical key of a group (`metricKey`): a JSON array of the dimensions, as `JSON.stringify`
 * would write it; decimals as text with all their places, integers in full, times as milliseconds.
 * `values` are the SQL of the dimensions' values, in order.
 */
export function keySql(
  dialect: Dialect,
  node: string,
  dimensions: readonly Dimension[],
  values: readonly string[],
): string {
  if (dimensions.length === 0) return "'[]'";
  const parts = dimensions.map((dimension, at) => partSql(dialect, node, dimension, values[at]!));
  return `CONCAT('[', ${parts.join(", ',', ")}, ']')`;
}

function partSql(dialect: Dialect, node: string, { name, value }: Dimension, sql: string): string {
  const { type, nullable } = typeOf(value);
  const text = ((): string => {
    switch (type.kind) {
      case "string":
        return jsonText(sql, dialect);
      case "integer":
        return castSql(sql, "STRING");
      case "decimal":
        return `CONCAT('"', ${castSql(sql, "STRING")}, '"')`;
      case "boolean":
        return `CASE WHEN ${sql} THEN 'true' ELSE 'false' END`;
      case "timestamp":
        return castSql(dialect.millis(sql), "STRING");
      case "float":
        throw dialect.unsupported(node, `${name} groups by a float, which has no canonical text`);
    }
  })();
  return nullable ? `CASE WHEN ${sql} IS NULL THEN 'null' ELSE ${text} END` : text;
}
