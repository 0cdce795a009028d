import { typeOf } from "../../plan/expression.ts";
import type { Dimension } from "../../plan/measure.ts";
import { unsupported } from "./unsupported.ts";

/** What JSON's short escapes stand for; every other control character becomes `\u00xx`. */
const SHORT: Readonly<Record<number, string>> = {
  8: "\\b",
  9: "\\t",
  10: "\\n",
  12: "\\f",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
};

const escaped = [...Array(32).keys(), 34, 92];
/** A byte inside a string literal of SQL. */
const sqlByte = (code: number): string => `\\x${code.toString(16).padStart(2, "0")}`;
const FROM = `['${escaped.map(sqlByte).join("','")}']`;
const TO = `['${escaped
  .map((code) => SHORT[code] ?? `\\u${code.toString(16).padStart(4, "0")}`)
  .map((text) => text.replaceAll("\\", "\\\\"))
  .join("','")}']`;

/**
 * A text as `JSON.stringify` writes it. `toJSONString` doesn't: it escapes slashes and U+2028, and
 * writes hexadecimal digits in upper case. Texts without anything to escape, nearly all, take the
 * short way.
 */
const jsonText = (sql: string): string =>
  `concat('"', if(match(${sql}, '[\\\\x00-\\\\x1f"\\\\\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ${FROM}, ${TO}, c), splitByString('', ${sql}))), ${sql}), '"')`;

/**
 * The canonical key of a group (design §3.9): a JSON array of the dimensions, as
 * `JSON.stringify` would write it; decimals as text with all their places, integers in full,
 * times as milliseconds. `values` are the SQL of the dimensions' values, in order.
 */
export function keySql(
  node: string,
  dimensions: readonly Dimension[],
  values: readonly string[],
): string {
  if (dimensions.length === 0) return "'[]'";
  const parts = dimensions.map((dimension, at) => partSql(node, dimension, values[at]!));
  return `concat('[', ${parts.join(", ',', ")}, ']')`;
}

function partSql(node: string, { name, value }: Dimension, sql: string): string {
  const { type, nullable } = typeOf(value);
  const text = ((): string => {
    switch (type.kind) {
      case "string":
        return jsonText(nullable ? `assumeNotNull(${sql})` : sql);
      case "integer":
        return `toString(${sql})`;
      case "decimal":
        return `concat('"', toDecimalString(${sql}, ${type.scale}), '"')`;
      case "boolean":
        return `if(${sql}, 'true', 'false')`;
      case "timestamp":
        return `toString(toUnixTimestamp64Milli(${sql}))`;
      case "float":
        throw unsupported(node, `${name} groups by a float, which has no canonical text`);
    }
  })();
  return nullable ? `if(isNull(${sql}), 'null', assumeNotNull(${text}))` : text;
}
